"""The services of this repo: what is deployed, and updated, as a whole."""

SERVICES = [
    "//services/redis",
    "//services/routeguide/client",
    "//services/routeguide/server",
]
