package materialize

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestBlobsThatADocumentShows has Automerge JS write references to blobs in
// every place that one can stand in, take some away again, and compares.
func TestBlobsThatADocumentShows(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", filepath.Join("crdt", "materialize", "testdata", "blobs.mjs"))
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var written struct {
		Saved   []byte
		Changes [][]byte
		Shown   []string
	}
	if err := json.Unmarshal(out, &written); err != nil {
		t.Fatal(err)
	}
	if len(written.Shown) < 5 {
		t.Fatalf("it refers to %v", written.Shown)
	}
	c := open(t, Options{})
	for _, chunks := range [][][]byte{written.Changes, {written.Saved}} {
		blobs, err := c.Blobs(t.Context(), chunks)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, blob := range blobs {
			got = append(got, hex.EncodeToString(blob[:]))
		}
		if !slices.Equal(got, written.Shown) {
			t.Errorf("found\n%v\nand it shows\n%v", got, written.Shown)
		}
	}
	if _, err := c.Blobs(t.Context(), written.Changes[1:]); !errors.Is(err, ErrMissing) {
		t.Errorf("without its first change: %v", err)
	}
}
