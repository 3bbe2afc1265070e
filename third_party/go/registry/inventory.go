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
	// Of the end: how many lines there are before it.
	Count int `json:"count,omitempty"`
}

// Where the storage has what is listed: paths.go of the module's storage, whose layout is that of all registries.
const (
	root             = "/docker/registry/v2"
	repositoriesPath = root + "/repositories"
	blobsPath        = root + "/blobs"
)

// How often the list is begun anew where something vanished while it was made, such as an upload that ended.
const attempts = 20

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
	// Nothing is printed of a list that is not whole: what it lacked would count as not there.
	var list []entry
	for attempt := 1; ; attempt++ {
		list, err = inventory(ctx, source{namespace, storageDriver})
		if err == nil {
			break
		}
		if !isMissing(err) || attempt == attempts {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	encoder := json.NewEncoder(out)
	for _, one := range append(list, entry{Kind: "end", Count: len(list)}) {
		if err := encoder.Encode(one); err != nil {
			return err
		}
	}
	return nil
}

func inventory(ctx context.Context, from source) ([]entry, error) {
	var list []entry
	repositories, ok := from.namespace.(distribution.RepositoryEnumerator)
	if !ok {
		return nil, errors.New("the registry cannot list its repositories")
	}
	err := ifThere(ctx, from.driver, repositoriesPath, func() error {
		return repositories.Enumerate(ctx, func(name string) error {
			own, err := inventoryOf(ctx, from, name)
			list = append(list, own...)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	err = ifThere(ctx, from.driver, blobsPath, func() error {
		return from.namespace.Blobs().Enumerate(ctx, func(dgst digest.Digest) error {
			blob, err := from.namespace.BlobStatter().Stat(ctx, dgst)
			if err != nil {
				return fmt.Errorf("blob %s: %w", dgst, err)
			}
			list = append(list, entry{Kind: "blob", Digest: dgst, Size: blob.Size})
			return nil
		})
	})
	return list, err
}

// ifThere does nothing where a folder was never made. Whatever is missing in it later is an error.
func ifThere(ctx context.Context, from driver.StorageDriver, path string, work func() error) error {
	if _, err := from.Stat(ctx, path); err != nil {
		if isMissing(err) {
			return nil
		}
		return err
	}
	return work()
}

type source struct {
	namespace distribution.Namespace
	driver    driver.StorageDriver
}

func inventoryOf(ctx context.Context, from source, name string) ([]entry, error) {
	named, err := reference.WithName(name)
	if err != nil {
		return nil, err
	}
	repository, err := from.namespace.Repository(ctx, named)
	if err != nil {
		return nil, err
	}
	manifests, err := repository.Manifests(ctx)
	if err != nil {
		return nil, err
	}
	enumerator, ok := manifests.(distribution.ManifestEnumerator)
	if !ok {
		return nil, errors.New("the registry cannot list its manifests")
	}
	var list []entry
	revisions := fmt.Sprintf("%s/%s/_manifests/revisions", repositoriesPath, name)
	// A repository of which only blobs were uploaded so far has no revisions.
	err = ifThere(ctx, from.driver, revisions, func() error {
		return enumerator.Enumerate(ctx, func(dgst digest.Digest) error {
			manifest, err := manifests.Get(ctx, dgst)
			if err != nil {
				return fmt.Errorf("%s@%s: %w", name, dgst, err)
			}
			mediaType, content, err := manifest.Payload()
			if err != nil {
				return fmt.Errorf("%s@%s: %w", name, dgst, err)
			}
			// A push of what is there writes this file again.
			link := fmt.Sprintf("%s/%s/%s/link", revisions, dgst.Algorithm(), dgst.Encoded())
			info, err := from.driver.Stat(ctx, link)
			if err != nil {
				return fmt.Errorf("%s@%s: %w", name, dgst, err)
			}
			modified := info.ModTime().UTC()
			list = append(list, entry{Kind: "manifest", Repository: name, Digest: dgst, Modified: &modified, Content: content, MediaType: mediaType})
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	tags, err := tagsOf(ctx, repository, name)
	return append(list, tags...), err
}

func tagsOf(ctx context.Context, repository distribution.Repository, name string) ([]entry, error) {
	tags := repository.Tags(ctx)
	all, err := tags.All(ctx)
	var none distribution.ErrRepositoryUnknown
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("tags of %s: %w", name, err)
	}
	var list []entry
	for _, tag := range all {
		descriptor, err := tags.Get(ctx, tag)
		var unknown distribution.ErrTagUnknown
		// It is being made, or was just taken away.
		if errors.As(err, &unknown) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%s: %w", name, tag, err)
		}
		list = append(list, entry{Kind: "tag", Repository: name, Tag: tag, Digest: descriptor.Digest})
	}
	return list, nil
}

func isMissing(err error) bool {
	var missing driver.PathNotFoundError
	return errors.As(err, &missing)
}
