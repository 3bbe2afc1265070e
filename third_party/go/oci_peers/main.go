// Command oci_peers is what tests of the registry client hold it against: go-containerregistry as a registry and as a
// reader that checks every byte, and sigstore's library as a verifier of signatures.
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func([]string) error{
		"registry": serve,
		"validate": validateImage,
		"verify":   verifySignature,
		"seal-key": sealKey,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: oci_peers registry|validate|verify|seal-key …")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
