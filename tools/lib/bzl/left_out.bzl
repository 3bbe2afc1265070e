"""What other rule sets have and this one has not: whoever moves over reads what to use instead."""

load(":attributes.bzl", "attribute_problems")

def refuse_rule(rule, name, remedy):
    """Fails, for a rule that is not here.

    Args:
      rule: string: what it is called.
      name: string: the target.
      remedy: string: what to use instead, sentences.
    """
    fail("//{}:{}: {} is left out. {} See docs/from_rules_k8s.md.".format(native.package_name(), name, rule, remedy))

def refuse_attributes(rule, name, given, refused, known = {}):
    """Fails where a macro is given what the rule of the same name of another rule set took, or a value of a wrong type.

    Args:
      rule: string: the macro's name.
      name: string: the target.
      given: dict of attribute to value.
      refused: as of attribute_problems.
      known: as of attribute_problems, of what has one type. Default: what `given` has is of any type.
    """
    problems = attribute_problems(
        rule,
        given,
        dict({attribute: "any" for attribute in given}, **known),
        refused,
        "//{}:{}".format(native.package_name(), name),
    )
    if problems:
        fail("\n".join(problems))
