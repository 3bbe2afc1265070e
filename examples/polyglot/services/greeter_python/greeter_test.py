"""The greeter, called as others call it."""

import unittest

import grpc

from proto.greet.v1 import greet_pb2 as pb
from proto.greet.v1 import greet_pb2_grpc as services
from services.greeter_python.greeter import GreeterServer


class GreeterTest(unittest.TestCase):
    def setUp(self) -> None:
        server = GreeterServer(0)
        self.addCleanup(server.stop)
        channel = grpc.insecure_channel(f"127.0.0.1:{server.port}")
        self.addCleanup(channel.close)
        self.stub = services.GreeterStub(channel)

    def test_greets_by_name(self) -> None:
        response = self.stub.Greet(pb.GreetRequest(name="Ada"), timeout=10)
        self.assertEqual(list(response.greetings), ["Hello Ada, from Python"])

    def test_refuses_an_empty_name(self) -> None:
        with self.assertRaises(grpc.RpcError) as caught:
            self.stub.Greet(pb.GreetRequest(), timeout=10)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)


if __name__ == "__main__":
    unittest.main()
