"""Environments of Fathom; a workspace of rules_k8s has none: each object says itself where it goes."""

REGISTRY = "registry.example.com"

ENVS = {}
