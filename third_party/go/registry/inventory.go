package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/storage"
	"github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/distribution/v3/registry/storage/driver/factory"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"
)

// inventoryCommand prints all that a registry holds, a JSON object a line. The registry's interface lists tags alone:
// images that are pushed by digest have none, and only the storage knows of them, and of when they were pushed.
// The reader is tools/k8s/registry_gc/inventory.ts.
var inventoryCommand = &cobra.Command{
	Use:           "inventory <config>",
	Short:         "`inventory` prints the manifests, tags and blobs of the storage as lines of JSON",
	Args:          cobra.ExactArgs(1),
	SilenceUsage:  true,
	SilenceErrors: false,
	RunE: func(_ *cobra.Command, args []string) error {
		return printInventory(context.Background(), args[0], os.Stdout)
	},
}

// entry is one line. The last one is of the kind `end`: without it the list was cut off.
type entry struct {
	Kind       string        `json:"kind"`
	Repository string        `json:"repository,omitempty"`
	Tag        string        `json:"tag,omitempty"`
	Digest     digest.Digest `json:"digest,omitempty"`
	// Of a manifest: when it was pushed last.
	Modified *time.Time `json:"modified,omitempty"`
	// Of a manifest: its bytes, and their type.
	Content   []byte `json:"content,omitempty"`
	MediaType string `json:"mediaType,omitempty"`
	// Of a blob; manifests are blobs as well.
	Size int64 `json:"size,omitempty"`
}

func printInventory(ctx context.Context, path string, out io.Writer) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	config, err := configuration.Parse(file)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	storageDriver, err := factory.Create(ctx, config.Storage.Type(), config.Storage.Parameters())
	if err != nil {
		return err
	}
	namespace, err := storage.NewRegistry(ctx, storageDriver)
	if err != nil {
		return err
	}
	repositories, ok := namespace.(distribution.RepositoryEnumerator)
	if !ok {
		return errors.New("the registry cannot list its repositories")
	}
	encoder := json.NewEncoder(out)
	err = repositories.Enumerate(ctx, func(name string) error {
		return printRepository(ctx, source{namespace, storageDriver}, name, encoder)
	})
	// Nothing was pushed yet.
	if err != nil && !isMissing(err) {
		return err
	}
	err = namespace.Blobs().Enumerate(ctx, func(dgst digest.Digest) error {
		blob, err := namespace.BlobStatter().Stat(ctx, dgst)
		if err != nil {
			return fmt.Errorf("blob %s: %w", dgst, err)
		}
		return encoder.Encode(entry{Kind: "blob", Digest: dgst, Size: blob.Size})
	})
	if err != nil && !isMissing(err) {
		return err
	}
	return encoder.Encode(entry{Kind: "end"})
}

type source struct {
	namespace distribution.Namespace
	driver    driver.StorageDriver
}

func printRepository(ctx context.Context, from source, name string, encoder *json.Encoder) error {
	named, err := reference.WithName(name)
	if err != nil {
		return err
	}
	repository, err := from.namespace.Repository(ctx, named)
	if err != nil {
		return err
	}
	manifests, err := repository.Manifests(ctx)
	if err != nil {
		return err
	}
	enumerator, ok := manifests.(distribution.ManifestEnumerator)
	if !ok {
		return errors.New("the registry cannot list its manifests")
	}
	err = enumerator.Enumerate(ctx, func(dgst digest.Digest) error {
		manifest, err := manifests.Get(ctx, dgst)
		if err != nil {
			return fmt.Errorf("%s@%s: %w", name, dgst, err)
		}
		mediaType, content, err := manifest.Payload()
		if err != nil {
			return fmt.Errorf("%s@%s: %w", name, dgst, err)
		}
		// A push of what is there writes this file again.
		// https://distribution.github.io/distribution/storage-drivers/ and paths.go of the module's storage
		link := fmt.Sprintf("/docker/registry/v2/repositories/%s/_manifests/revisions/%s/%s/link", name, dgst.Algorithm(), dgst.Encoded())
		info, err := from.driver.Stat(ctx, link)
		if err != nil {
			return fmt.Errorf("%s@%s: %w", name, dgst, err)
		}
		modified := info.ModTime().UTC()
		return encoder.Encode(entry{Kind: "manifest", Repository: name, Digest: dgst, Modified: &modified, Content: content, MediaType: mediaType})
	})
	// A repository of which only blobs were uploaded so far.
	if err != nil && !isMissing(err) {
		return err
	}
	return printTags(ctx, repository, name, encoder)
}

func printTags(ctx context.Context, repository distribution.Repository, name string, encoder *json.Encoder) error {
	tags := repository.Tags(ctx)
	all, err := tags.All(ctx)
	var none distribution.ErrRepositoryUnknown
	if errors.As(err, &none) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("tags of %s: %w", name, err)
	}
	for _, tag := range all {
		descriptor, err := tags.Get(ctx, tag)
		var unknown distribution.ErrTagUnknown
		// It is being made, or was just taken away.
		if errors.As(err, &unknown) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s:%s: %w", name, tag, err)
		}
		if err := encoder.Encode(entry{Kind: "tag", Repository: name, Tag: tag, Digest: descriptor.Digest}); err != nil {
			return err
		}
	}
	return nil
}

func isMissing(err error) bool {
	var missing driver.PathNotFoundError
	return errors.As(err, &missing)
}
