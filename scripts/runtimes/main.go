// The readers of manifests that nodes run: that of containerd, and that of CRI-O and Podman.
//
// Each line of stdin is a root manifest with everything that it refers to. Each line of stdout says what each reader
// chooses from it, over all platforms. functions/admission/tests/runtimes.rs compares that with what ecr-admission
// evaluates.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"runtime"
	"sync"

	"github.com/opencontainers/go-digest"
)

// A graph is a root and the contents of its repository.
type graph struct {
	ID    int    `json:"id"`
	Root  string `json:"root"`
	Blobs []blob `json:"blobs"`
}

// A blob is a manifest, with its type as the registry sends it in Content-Type, or a config without one.
type blob struct {
	Digest    digest.Digest `json:"digest"`
	MediaType string        `json:"mediaType"`
	Text      string        `json:"text"`
}

// An answer says which digests of manifests each reader chooses, and which manifests both refuse: for CRI-O, the
// configuration is not that of an image, and containerd unpacks no layer.
type answer struct {
	ID         int             `json:"id"`
	Containerd []digest.Digest `json:"containerd"`
	Containers []digest.Digest `json:"containers"`
	Refused    []digest.Digest `json:"refused"`
}

func answerTo(line []byte) (answer, error) {
	var g graph
	if err := json.Unmarshal(line, &g); err != nil {
		return answer{}, err
	}
	repository := make(repository, len(g.Blobs))
	for _, b := range g.Blobs {
		repository[b.Digest] = b
	}
	root := digest.Digest(g.Root)
	return answer{
		ID:         g.ID,
		Containerd: chosenByContainerd(repository, root),
		Containers: chosenByContainers(repository, root),
		Refused:    refused(repository),
	}, nil
}

func main() {
	lines := make(chan []byte, 64)
	answers := make(chan answer, 64)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for line := range lines {
				a, err := answerTo(line)
				if err != nil {
					log.Fatalf("cannot read a line of stdin: %v", err)
				}
				answers <- a
			}
		})
	}
	go func() {
		in := bufio.NewReaderSize(os.Stdin, 1<<20)
		for {
			line, err := in.ReadBytes('\n')
			if err != nil {
				break
			}
			lines <- line
		}
		close(lines)
		workers.Wait()
		close(answers)
	}()
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	for a := range answers {
		if err := encoder.Encode(a); err != nil {
			log.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}
