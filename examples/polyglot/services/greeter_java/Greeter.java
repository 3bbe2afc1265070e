package services.greeter_java;

import greet.v1.Greet.GreetRequest;
import greet.v1.Greet.GreetResponse;
import greet.v1.GreeterGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;

/** Greets in Java. */
final class Greeter extends GreeterGrpc.GreeterImplBase {
  @Override
  public void greet(GreetRequest request, StreamObserver<GreetResponse> responses) {
    if (request.getName().isEmpty()) {
      responses.onError(Status.INVALID_ARGUMENT.withDescription("name must not be empty").asException());
      return;
    }
    var greeting = "Hello %s, from Java".formatted(request.getName());
    responses.onNext(GreetResponse.newBuilder().addGreetings(greeting).build());
    responses.onCompleted();
  }
}
