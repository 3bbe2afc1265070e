"""A decoy: @fathom has a package of this name, and nothing of Fathom may read this one."""

fail("//jsonnet of the main workspace was read instead of @fathom//jsonnet")
