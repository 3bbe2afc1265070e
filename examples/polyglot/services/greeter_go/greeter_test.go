package main

import (
	"testing"

	greet "example.com/polyglot/proto/greet/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestGreetsByName(t *testing.T) {
	response, err := greeter{}.Greet(t.Context(), &greet.GreetRequest{Name: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	if got := response.GetGreetings(); len(got) != 1 || got[0] != "Hello Ada, from Go" {
		t.Errorf("got %q", got)
	}
}

func TestRefusesAnEmptyName(t *testing.T) {
	_, err := greeter{}.Greet(t.Context(), &greet.GreetRequest{})
	if code := status.Code(err); code != codes.InvalidArgument {
		t.Errorf("got %v, want %v", code, codes.InvalidArgument)
	}
}
