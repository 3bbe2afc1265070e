"""A package with all that it needs: what the rules of the kinds of packages have in common."""

load("//tools/packages/private:facts.bzl", "third_party")

def closure_attrs(files_rule, files_info, what = "package"):
    """Attributes of a rule for packages with their closures.

    Args:
      files_rule: string: the rule of a package without what it needs.
      files_info: the provider that targets of it have, with `entry`.
      what: string: what the package is called.

    Returns:
      dict of attributes.
    """
    return {
        "closure": attr.label_list(doc = "The {} of the {} and of all that it needs.".format(files_rule, what), providers = [files_info]),
        "files": attr.label(doc = "The {} of the {}.".format(files_rule, what), mandatory = True, providers = [files_info]),
    }

def closure_providers(ctx, files_info, package_info, file, fields, runfiles = True):
    """What a package with its closure tells the rules that use it.

    Args:
      ctx: the rule's context, with closure_attrs.
      files_info: the provider of closure_attrs.
      package_info: the provider to make, which has `label`, `closure`, `file` and `fields`.
      file: string: the field of an entry that is its File.
      fields: list of strings: further fields that the package has of its own entry.
      runfiles: whether what runs with the package has the files of its closure.

    Returns:
      list of providers.
    """
    own = ctx.attr.files[files_info].entry
    entries = [target[files_info].entry for target in ctx.attr.closure]
    return [
        package_info(
            label = ctx.label,
            closure = depset(entries),
            **{field: getattr(own, field) for field in [file] + fields}
        ),
        third_party([entry.fact for entry in entries]),
        DefaultInfo(
            files = depset([getattr(own, file)]),
            runfiles = ctx.runfiles(files = [getattr(entry, file) for entry in entries] if runfiles else []),
        ),
    ]
