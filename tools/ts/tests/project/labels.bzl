"""Labels as macros have them: no text."""

BASE = Label("//tools/ts/tests/project:base.tsconfig.json")
