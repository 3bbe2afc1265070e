"""A decoy: @fathom has a file of this name, and nothing of Fathom may read this one."""

fail("//tools/ts:defs.bzl of the main workspace was read instead of @fathom//tools/ts:defs.bzl")
