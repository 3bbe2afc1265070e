package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// serve runs a registry in memory and prints its port.
func serve(args []string) error {
	flags := flag.NewFlagSet("registry", flag.ContinueOnError)
	referrers := flags.Bool("referrers", false, "serve the referrers API")
	if err := flags.Parse(args); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	server := &http.Server{
		Handler:           registry.New(registry.WithReferrersSupport(*referrers)),
		ReadHeaderTimeout: 10 * time.Second,
	}
	return server.Serve(listener)
}

// validateImage pulls an image, or all images of an index, with all layers, and checks digests, sizes and the
// configurations against them.
func validateImage(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: validate host:port/repository:tag")
	}
	reference, err := name.ParseReference(args[0], name.Insecure, name.StrictValidation)
	if err != nil {
		return err
	}
	found, err := remote.Get(reference)
	if err != nil {
		return err
	}
	if found.MediaType.IsIndex() {
		index, err := found.ImageIndex()
		if err != nil {
			return err
		}
		return validate.Index(index)
	}
	image, err := found.Image()
	if err != nil {
		return err
	}
	return validate.Image(image)
}
