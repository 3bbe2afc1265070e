"""Rules of rules_nodejs that are left out."""

load("//tools/lib/bzl:left_out.bzl", "refuse_rule")

def nodejs_binary(name, **_kwargs):
    """Left out: use `ts_binary`.

    Args:
      name: the target, for the error.
      **_kwargs: as of rules_nodejs.
    """
    refuse_rule("nodejs_binary", name, "Use ts_binary, whose 'deps' have the TypeScript and the npm packages of 'data', and whose source is an ES module.")

def nodejs_test(name, **_kwargs):
    """Left out: use `ts_test`.

    Args:
      name: the target, for the error.
      **_kwargs: as of rules_nodejs.
    """
    refuse_rule("nodejs_test", name, "Use ts_test, whose 'srcs' are …_test.ts, and whose 'deps' have the TypeScript and the npm packages of 'data'.")
