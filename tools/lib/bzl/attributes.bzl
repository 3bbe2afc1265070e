"""Attributes of macros that stand for rules of other rule sets: what they do not take is refused with a remedy."""

# Attributes that every rule has.
COMMON_ATTRIBUTES = {
    "compatible_with": "list",
    "deprecation": "string",
    "exec_compatible_with": "list",
    "exec_properties": "dict",
    "features": "list",
    "restricted_to": "list",
    "tags": "list",
    "target_compatible_with": "list",
    "testonly": "bool",
    "visibility": "list",
}

# For each type of a table: Starlark's names of it, and what it is called in errors. What `select` makes is of any type,
# but of none with _PLAIN before its name: a macro that takes a value apart would end in a traceback of Starlark.
_TYPES = {
    "any": ([], "anything"),
    "bool": (["bool", "int"], "True or False"),
    "command": (["list", "string"], "a list of words, or a text for a shell"),
    "dict": (["dict"], "a dict"),
    "environment": (["string", "dict"], "the name of an environment, or its entry of ENVS"),
    "extends": (["string", "Label", "list"], "a label, or a list of labels"),
    "int": (["int"], "a number"),
    "label": (["string", "Label"], "a label"),
    "label or dict": (["string", "Label", "dict"], "a label, or a dict"),
    "list": (["list"], "a list"),
    "list or dict": (["list", "dict"], "a list, or a dict of conditions to lists"),
    "stamp": (["bool", "int", "string", "Label"], "True or False, or a label of a package `stamp`"),
    "string": (["string"], "a text"),
}

_PLAIN = "plain "

_NO_SELECT = "Write a target for each case, and choose between them by an alias whose 'actual' has the select"

def _form(entry):
    """The type of a table's entry, which may have a documentation beside it."""
    return entry[0] if type(entry) == "tuple" else entry

def _type_problem(value, form):
    """What is wrong with a value of a form of a table: words, or None."""
    is_plain = form.startswith(_PLAIN)
    types, called = _TYPES[form[len(_PLAIN):] if is_plain else form]
    if not types or type(value) in types or (type(value) == "select" and not is_plain):
        return None
    if type(value) == "select":
        return "must be {} without select, got {}. {}.".format(called, repr(value), _NO_SELECT)
    return "must be {}, got {} ({}). Write it so.".format(called, repr(value), type(value))

def attribute_problems(rule, given, known, refused = {}, where = ""):
    """What is wrong with the attributes that a macro was given.

    Args:
      rule: string: the macro's name.
      given: dict of attribute to value; None is as if it were not given.
      known: dict of attribute to a key of _TYPES, with "plain " before it where the macro takes the value apart; or to
        (key, what docs/rules.md says of it) where that is something else than what the rule says that the attribute is
        handed on to; COMMON_ATTRIBUTES are known to every macro.
      refused: dict of attribute to (why it is not taken, what to do instead): refused unless empty, 0 or False.
      where: string: the target, for errors.

    Returns:
      list of string, each with target, attribute, value and remedy.
    """
    problems = []
    for attribute, value in given.items():
        form = _form(known.get(attribute, COMMON_ATTRIBUTES.get(attribute)))
        if value == None:
            continue
        if attribute in refused:
            if value:
                why, remedy = refused[attribute]
                problems.append("{}: '{}' must not be given to {} here, got {}: {}. {}.".format(where, attribute, rule, repr(value), why, remedy))
        elif not form:
            problems.append("{}: '{}' must be an attribute of {}, got {} = {}. It has {}.".format(where, attribute, rule, attribute, repr(value), ", ".join([key for key in sorted(known.keys()) if key not in refused])))
        elif _type_problem(value, form):
            problems.append("{}: '{}' {}".format(where, attribute, _type_problem(value, form)))
    return problems

def checked_attributes(rule, name, given, known, refused = {}, ignored = []):
    """The attributes that a macro goes on with; fails where one is unknown, refused or of a wrong type.

    Args:
      rule: string: the macro's name.
      name: string: the target.
      given: dict of attribute to value.
      known: as of attribute_problems.
      refused: as of attribute_problems.
      ignored: keys of `known` that are accepted and have no effect.

    Returns:
      dict: `given` without what is refused (and empty) or ignored.
    """
    problems = attribute_problems(rule, given, known, refused, "//{}:{}".format(native.package_name(), name))
    if problems:
        fail("\n".join(problems))
    return {key: value for key, value in given.items() if key not in refused and key not in ignored}
