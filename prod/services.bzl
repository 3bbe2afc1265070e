"""The services of this repo: what is deployed, and updated, as a whole."""

SERVICES = [
    "//services/redis",
    "//services/routeguide/client",
    "//services/routeguide/client_go",
    "//services/routeguide/client_java",
    "//services/routeguide/client_python",
    "//services/routeguide/load",
    "//services/routeguide/server",
]

# Those of them that are in every environment, and so have pins; the others are where what was just built is deployed.
RELEASED = [
    "//services/redis",
    "//services/routeguide/client",
    "//services/routeguide/server",
]
