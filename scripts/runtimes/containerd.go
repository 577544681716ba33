package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	imagespec "github.com/opencontainers/image-spec/specs-go/v1"
)

// What the registry holds, by digest.
type repository map[digest.Digest]blob

// A provider reads from the repository, and keeps the first manifest of an image that is read. The handler of
// images.Manifest follows one descriptor of each index, so this manifest is its choice.
type provider struct {
	repository repository
	manifest   digest.Digest
}

type reader struct{ *bytes.Reader }

func (reader) Close() error { return nil }

func (r reader) Size() int64 { return r.Reader.Size() }

func (p *provider) ReaderAt(_ context.Context, d imagespec.Descriptor) (content.ReaderAt, error) {
	if images.IsManifestType(d.MediaType) && p.manifest == "" {
		p.manifest = d.Digest
	}
	b, ok := p.repository[d.Digest]
	if !ok {
		return nil, fmt.Errorf("no blob %s", d.Digest)
	}
	return reader{bytes.NewReader([]byte(b.Text))}, nil
}

// A choice for Windows depends on the version of the node.
var nodes = []imagespec.Platform{
	{OS: "linux", Architecture: "amd64"},
	{OS: "linux", Architecture: "amd64", Variant: "v3"},
	{OS: "linux", Architecture: "arm64"},
	{OS: "linux", Architecture: "arm", Variant: "v7"},
	{OS: "linux", Architecture: "arm", Variant: "v6"},
	{OS: "linux", Architecture: "386"},
	{OS: "linux", Architecture: "s390x"},
	{OS: "linux", Architecture: "ppc64le"},
	{OS: "linux", Architecture: "riscv64"},
	{OS: "windows", Architecture: "amd64", OSVersion: "10.0.17763.1234"},
	{OS: "windows", Architecture: "amd64", OSVersion: "10.0.20348.1", OSFeatures: []string{"win32k"}},
	{OS: "freebsd", Architecture: "amd64"},
}

// The digests that images.Manifest chooses. A digest that is chosen but cannot be read counts: the node would pull it.
func chosenByContainerd(r repository, root digest.Digest) []digest.Digest {
	chosen := []digest.Digest{}
	target := imagespec.Descriptor{MediaType: r[root].MediaType, Digest: root, Size: int64(len(r[root].Text))}
	for _, node := range nodes {
		p := &provider{repository: r}
		_, err := images.Manifest(context.Background(), p, target, platforms.Only(node))
		if _, held := r[p.manifest]; p.manifest != "" && (err == nil || !held) {
			chosen = add(chosen, p.manifest)
		}
	}
	return chosen
}

func add(to []digest.Digest, d digest.Digest) []digest.Digest {
	for _, other := range to {
		if other == d {
			return to
		}
	}
	return append(to, d)
}

// Whether containerd unpacks a layer of a manifest (core/unpack).
func unpacks(r repository, d digest.Digest) bool {
	desc := imagespec.Descriptor{MediaType: r[d].MediaType, Digest: d}
	children, err := images.Children(context.Background(), &provider{repository: r}, desc)
	if err != nil {
		return false
	}
	for _, child := range children {
		if images.IsLayerType(child.MediaType) {
			return true
		}
	}
	return false
}
