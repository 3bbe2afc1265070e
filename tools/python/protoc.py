"""protoc with Python's generators, those of services too: what grpcio-tools carries."""

import sys

from grpc_tools import protoc

if __name__ == "__main__":
    sys.exit(protoc.main(sys.argv))
