"""The services that call Redis: each has the user of its name, which may give these commands."""

# Its keys are those that begin with its name and a colon.
USERS = {
    "routeguide": [
        "del",
        "eval",
        "evalsha",
        "exists",
        "expire",
        "get",
        "lrange",
        "ltrim",
        "mget",
        "rpush",
        "set",
        "zadd",
        "zrange",
        "zrangebyscore",
    ],
}
