package main

import (
	"context"
	"errors"
	"io"

	"github.com/opencontainers/go-digest"
	imagespec "github.com/opencontainers/image-spec/specs-go/v1"
	dockerreference "go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/image"
	"go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/types"
)

// How many nested indexes are opened.
const maxDepth = 8

// The digests that ChooseInstance chooses, through all nested indexes.
func chosenByContainers(r repository, root digest.Digest) []digest.Digest {
	chosen := []digest.Digest{}
	for _, node := range nodes {
		node := &types.SystemContext{
			OSChoice:           node.OS,
			ArchitectureChoice: node.Architecture,
			VariantChoice:      node.Variant,
		}
		if d, ok := choose(r, root, node); ok {
			chosen = add(chosen, d)
		}
	}
	return chosen
}

func choose(r repository, d digest.Digest, node *types.SystemContext) (digest.Digest, bool) {
	for range maxDepth {
		b, held := r[d]
		if !held || !manifest.MIMETypeIsMultiImage(b.MediaType) {
			return d, true
		}
		list, err := manifest.ListFromBlob([]byte(b.Text), b.MediaType)
		if err != nil {
			return "", false
		}
		d, err = list.ChooseInstance(node)
		if err != nil {
			return "", false
		}
	}
	return d, true
}

// The OCI manifests that no node runs: containerd unpacks none of their layers, and OCIConfig says that they are
// artifacts or cannot be read.
func refused(r repository) []digest.Digest {
	refused := []digest.Digest{}
	for d, b := range r {
		if b.MediaType != imagespec.MediaTypeImageManifest || unpacks(r, d) {
			continue
		}
		err := configuration(b)
		var artifact manifest.NonImageArtifactError
		var unread unreadError
		if errors.As(err, &artifact) || errors.As(err, &unread) {
			refused = append(refused, d)
		}
	}
	return refused
}

// Why a manifest is not even read.
type unreadError struct{ error }

// Asks for the configuration of an image, as CRI-O does before it unpacks any layer.
func configuration(b blob) error {
	unparsed := image.UnparsedInstance(source{blob: b}, nil)
	opened, err := image.FromUnparsedImage(context.Background(), nil, unparsed)
	if err != nil {
		return unreadError{err}
	}
	_, err = opened.OCIConfig(context.Background())
	return err
}

// A source of one manifest. Methods that the reader does not call are nil, and panic.
type source struct {
	types.ImageSource
	blob blob
}

func (s source) GetManifest(context.Context, *digest.Digest) ([]byte, string, error) {
	return []byte(s.blob.Text), s.blob.MediaType, nil
}

func (s source) GetBlob(context.Context, types.BlobInfo, types.BlobInfoCache) (io.ReadCloser, int64, error) {
	return nil, 0, errors.New("the repository holds no configuration")
}

func (s source) Reference() types.ImageReference { return reference{} }

type reference struct{ types.ImageReference }

func (reference) Transport() types.ImageTransport { return transport{} }

type transport struct{ types.ImageTransport }

func (transport) Name() string { return "lines" }

func (reference) DockerReference() dockerreference.Named { return nil }
