"""promotion_test: the order of promotion, and what is wrong with a bad one."""

load("//tools/k8s/private:promotion.bzl", "find_order")
load("//tools/ts/private:launcher.bzl", "shell_quote")

def _envs(**steps):
    """ENVS with pins, each with the environment before it; "built" stands for one that deploys no pins."""
    return {
        name: dict({"images": "built"} if step == "built" else {"images": "pinned", "promotes_from": step}, registry = name + ".test")
        for name, step in steps.items()
    }

# What is tested: the environments of a service, all of them, and the steps `name<from` or words of the problem.
_CASES = {
    "a chain, whatever the order of its entries": (
        ["prod", "staging", "dev"],
        _envs(prod = "staging", staging = "dev", dev = ""),
        ["dev<", "staging<dev", "prod<staging"],
    ),
    "a circle": (["a", "b", "c"], _envs(a = "b", b = "c", c = "a"), "circle"),
    "a circle that an environment leads to": (["a", "b", "c"], _envs(a = "b", b = "c", c = "b"), "circle"),
    "a service that is not everywhere": (
        ["dev", "prod"],
        _envs(prod = "staging", staging = "dev", dev = ""),
        ["dev<", "prod<dev"],
    ),
    "a service without the first one": (
        ["prod", "staging"],
        _envs(prod = "staging", staging = "dev", dev = ""),
        ["staging<", "prod<staging"],
    ),
    "an environment before itself": (["a"], _envs(a = "a"), "circle"),
    "an environment that deploys no pins": (["myns"], _envs(myns = "built"), []),
    "one before that deploys no pins": (["prod"], _envs(prod = "myns", myns = "built"), "'prod' must be an environment whose images are \"pinned\", got 'myns'"),
    "one before that there is not": (["prod"], _envs(prod = "moon"), "got 'moon'"),
    "two that begin": (["eu", "us"], _envs(eu = "", us = ""), ["eu<", "us<"]),
}

def _promotion_test_impl(ctx):
    problems = []
    for name, (environments, envs, expected) in _CASES.items():
        found = find_order(environments, envs)
        steps = ["{}<{}".format(step["name"], step["from"]) for step in found.order]
        is_right = expected in found.problem if type(expected) == "string" else not found.problem and steps == expected
        if not is_right:
            problems.append("{}: expected {}, got {} {}".format(name, expected, steps, found.problem))
    executable = ctx.actions.declare_file(ctx.label.name)
    lines = ["echo {} >&2".format(shell_quote(problem)) for problem in problems]
    ctx.actions.write(executable, "\n".join(["#!/bin/sh"] + lines + ["exit {}".format(1 if problems else 0)]) + "\n", is_executable = True)
    return [DefaultInfo(executable = executable)]

promotion_test = rule(
    implementation = _promotion_test_impl,
    doc = "Fails where the order of promotion is not what a table says.",
    test = True,
)
