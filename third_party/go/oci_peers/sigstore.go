package main

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/payload"
)

const signatureAnnotation = "dev.cosignproject.cosign/signature"

// verifySignature checks what is under an image's signature tag as cosign does: payload, digest, signature.
func verifySignature(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: verify host:port/repository@sha256:… public-key.pem")
	}
	digest, err := name.NewDigest(args[0], name.Insecure, name.StrictValidation)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	key, err := cryptoutils.UnmarshalPEMToPublicKey(text)
	if err != nil {
		return err
	}
	verifier, err := signature.LoadVerifier(key, crypto.SHA256)
	if err != nil {
		return err
	}
	hex := digest.DigestStr()[len("sha256:"):]
	image, err := remote.Image(digest.Context().Tag("sha256-" + hex + ".sig"))
	if err != nil {
		return err
	}
	manifest, err := image.Manifest()
	if err != nil {
		return err
	}
	for _, descriptor := range manifest.Layers {
		layer, err := image.LayerByDigest(descriptor.Digest)
		if err != nil {
			return err
		}
		if err := verifyLayer(layer, descriptor.Annotations[signatureAnnotation], verifier, digest); err != nil {
			return err
		}
	}
	fmt.Printf("%d signatures verified\n", len(manifest.Layers))
	return nil
}

func verifyLayer(layer v1.Layer, encoded string, verifier signature.Verifier, digest name.Digest) error {
	reader, err := layer.Compressed()
	if err != nil {
		return err
	}
	defer reader.Close()
	text, err := io.ReadAll(reader)
	if err != nil {
		return err
	}
	sig, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return err
	}
	if err := verifier.VerifySignature(bytes.NewReader(sig), bytes.NewReader(text)); err != nil {
		return err
	}
	var signed payload.Cosign
	if err := signed.UnmarshalJSON(text); err != nil {
		return err
	}
	if signed.Image.DigestStr() != digest.DigestStr() {
		return fmt.Errorf("signed is %s, not %s", signed.Image.DigestStr(), digest.DigestStr())
	}
	return nil
}

// sealKey encrypts a PKCS #8 private key, read from stdin as DER, in the form that cosign writes.
func sealKey(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: seal-key password < key.der")
	}
	der, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	sealed, err := encrypted.Encrypt(der, []byte(args[0]))
	if err != nil {
		return err
	}
	return pem.Encode(os.Stdout, &pem.Block{Type: "ENCRYPTED SIGSTORE PRIVATE KEY", Bytes: sealed})
}
