"""What is said of wrong attributes of macros."""

load("//tools/lib/bzl:attributes.bzl", "attribute_problems")

_KNOWN = {
    "cmd": "command",
    "entry": "plain label",
    "env": "dict",
    "layers": ("plain list", "What is on top."),
    "ports": ("list", "Where it listens."),
    "shell": "string",
    "stamp": "stamp",
    "tool": "any",
    "user": "string",
}

_REFUSED = {"shell": ("there is no shell", "Write a list")}

# Attributes, and what the problems must say, one text for each; none where all is well.
_ROWS = {
    "a command as a text": ({"cmd": "run"}, []),
    "a list as a text": ({"ports": "80"}, ["'ports' must be a list, got \"80\" (string). Write it so."]),
    "a number as a text": ({"user": 0}, ["'user' must be a text, got 0 (int)"]),
    "a plain list, and a label that is an object": ({"entry": Label("//x:y"), "layers": []}, []),
    "a plain list as a text": ({"layers": "x"}, ["'layers' must be a list, got \"x\" (string). Write it so."]),
    "a select": ({"ports": select({"//conditions:default": []})}, []),
    "a select that a macro would take apart": (
        {"layers": select({"//conditions:default": []})},
        ["'layers' must be a list without select, got select({\"//conditions:default\": []}). Write a target for each case, and choose between them by an alias"],
    ),
    "an attribute of every rule": ({"tags": ["manual"], "testonly": True}, []),
    "an attribute of every rule with a wrong type": ({"tags": "manual"}, ["'tags' must be a list"]),
    "an unknown attribute": ({"usr": "x"}, ["'usr' must be an attribute of image, got usr = \"x\". It has cmd, entry, env, layers, ports, stamp, tool, user."]),
    "anything": ({"tool": {"a": 1}}, []),
    "none of all": ({}, []),
    "none of one": ({"env": None, "shell": None, "usr": None}, []),
    "stamps": ({"stamp": "//stamp:always"}, []),
    "two": ({"env": [], "ports": {}}, ["'env' must be a dict", "'ports' must be a list"]),
    "what is refused": ({"shell": "sh"}, ["'shell' must not be given to image here, got \"sh\": there is no shell. Write a list."]),
    "what is refused, and empty": ({"shell": ""}, []),
}

def attributes_problems():
    """Where attribute_problems says something else than it must.

    Returns:
      list of string.
    """
    wrong = []
    for row, (given, texts) in _ROWS.items():
        problems = attribute_problems("image", given, _KNOWN, _REFUSED, "//x:y")
        if len(problems) != len(texts):
            wrong.append("{}: {} problems: {}".format(row, len(problems), problems))
            continue
        for problem, text in zip(problems, texts):
            if not problem.startswith("//x:y: ") or text not in problem:
                wrong.append("{}: must say {}, says {}".format(row, text, problem))
    return wrong
