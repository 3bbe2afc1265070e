"""A program of several packages: prints one line and ends."""

import os
import ssl
import sys

import msgpack
from markdown_it import MarkdownIt
from msgpack import _cmsgpack

from tools.python.testing.greeting import greeting

html = MarkdownIt().render(greeting()).strip()
unpacked = msgpack.unpackb(msgpack.packb({"html": html}))
native = _cmsgpack.__file__.endswith(".so")
print(unpacked["html"], "uid", os.getuid(), "native", native, "python", sys.version.split()[0], ssl.OPENSSL_VERSION)
