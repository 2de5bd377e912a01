//go:build cgo && (linux || darwin) && (amd64 || arm64)

package materialize

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/automerge/automerge-go"

	"parley/crdt/chunk"
)

// header is what a change says of itself, as Automerge JS puts it.
type header struct {
	Hash    string   `json:"hash"`
	Deps    []string `json:"deps"`
	Actor   string   `json:"actor"`
	Seq     uint64   `json:"seq"`
	StartOp uint64   `json:"startOp"`
	Time    int64    `json:"time"`
	Message string   `json:"message"`
}

// spoken is a line of headers.mjs.
type spoken struct {
	Raw, Saved []byte
	Header     header
	Heads      []string
}

func headerOf(c *chunk.Change) header {
	h := header{
		Hash: c.Hash.String(), Deps: []string{}, Actor: c.Actor.String(), Seq: c.Seq,
		StartOp: c.StartOp, Time: c.Time, Message: c.Message,
	}
	for _, dep := range c.Deps {
		h.Deps = append(h.Deps, dep.String())
	}
	return h
}

// TestHeadersAgree compares what we read in the frames and headers of changes
// with what Automerge JS and automerge-go read: for every change of both
// histories, as Automerge wrote it and with its body compressed, and for the
// saved documents.
func TestHeadersAgree(t *testing.T) {
	for name, want := range map[string]int{"sveltecomponent": 18336, "friendsforever": 26079} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := says(t, nil, "write", filepath.Join("bench", "data", name+".json.gz"))
			last := lines[len(lines)-1]
			lines = lines[:len(lines)-1]
			if len(lines) != want {
				t.Fatalf("%d changes of %d", len(lines), want)
			}
			packer, err := flate.NewWriter(nil, flate.DefaultCompression)
			must(t, err)
			var raws, twins [][]byte
			for _, line := range lines {
				ours := parseOne(t, line.Raw)
				if got := headerOf(&ours); !reflect.DeepEqual(got, line.Header) {
					t.Fatalf("we read\n%+v\nAutomerge JS\n%+v", got, line.Header)
				}
				raws = append(raws, line.Raw)
				twins = append(twins, twin(t, packer, line.Raw))
			}
			again := says(t, twins, "read")
			if len(again) != len(lines) {
				t.Fatalf("Automerge JS read %d of %d twins", len(again), len(lines))
			}
			for i := range lines {
				ours := parseOne(t, twins[i])
				if got := headerOf(&ours); !reflect.DeepEqual(got, lines[i].Header) || !reflect.DeepEqual(got, again[i].Header) {
					t.Fatalf("of a twin we read\n%+v\nAutomerge JS\n%+v", got, again[i].Header)
				}
			}
			for _, chunks := range [][][]byte{raws, twins, {last.Saved}} {
				doc, err := automerge.Load(bytes.Join(chunks, nil))
				must(t, err)
				agreesWithCore(t, core{doc: doc}, raws, last)
			}
		})
	}
}

// agreesWithCore compares what automerge-go says of each change, and of the
// document it saves, with what we say.
func agreesWithCore(t *testing.T, c core, raws [][]byte, last spoken) {
	t.Helper()
	byHash := make(map[chunk.Hash]chunk.Change, len(raws))
	vector, maxOp := make(map[chunk.Actor]uint64), uint64(0)
	for _, raw := range raws {
		change := parseOne(t, raw)
		byHash[change.Hash] = change
		vector[change.Actor], maxOp = max(vector[change.Actor], change.Seq), max(maxOp, change.MaxOp)
	}
	theirs, err := c.doc.Changes()
	must(t, err)
	if len(theirs) != len(raws) {
		t.Fatalf("automerge-go has %d changes of %d", len(theirs), len(raws))
	}
	for _, their := range theirs {
		ours, ok := byHash[chunk.Hash(their.Hash())]
		if !ok {
			t.Fatalf("automerge-go has a change %s", their.Hash())
		}
		// It gives times in milliseconds, whatever they were meant to be.
		got := header{
			Hash: their.Hash().String(), Deps: []string{}, Actor: their.ActorID(), Seq: their.ActorSeq(),
			StartOp: ours.StartOp, Time: their.Timestamp().UnixMilli(), Message: their.Message(),
		}
		for _, dep := range their.Dependencies() {
			got.Deps = append(got.Deps, dep.String())
		}
		slices.Sort(got.Deps)
		if want := headerOf(&ours); !reflect.DeepEqual(got, want) {
			t.Fatalf("automerge-go reads\n%+v\nwe\n%+v", got, want)
		}
	}
	for _, saved := range [][]byte{last.Saved, c.save()} {
		s, err := chunk.ParseSnapshot(saved, chunk.DefaultLimits)
		must(t, err)
		var heads []string
		for _, h := range s.Heads {
			heads = append(heads, h.String())
		}
		if !slices.Equal(heads, last.Heads) || !slices.Equal(s.Heads, c.heads()) {
			t.Errorf("heads %v, Automerge JS %v, automerge-go %v", heads, last.Heads, c.heads())
		}
		if !reflect.DeepEqual(s.Vector, vector) || s.MaxOp != maxOp || s.Changes != len(raws) {
			t.Errorf("the saved document says %v, %d operations, %d changes; its changes %v, %d, %d",
				s.Vector, s.MaxOp, s.Changes, vector, maxOp, len(raws))
		}
	}
}

func parseOne(t *testing.T, raw []byte) chunk.Change {
	t.Helper()
	c, err := chunk.ParseChange(raw, chunk.DefaultLimits)
	must(t, err)
	return c
}

// twin is the same change compressed. Automerge reads such, and earlier versions
// wrote them; this one leaves changes plain.
func twin(t *testing.T, w *flate.Writer, raw []byte) []byte {
	t.Helper()
	kind, err := chunk.KindOf(raw)
	must(t, err)
	if kind != chunk.KindChange {
		t.Fatalf("a chunk of kind %d", kind)
	}
	const before = 9 // magic, checksum, type
	_, n := binary.Uvarint(raw[before:])
	var packed bytes.Buffer
	w.Reset(&packed)
	_, err = w.Write(raw[before+n:])
	must(t, errors.Join(err, w.Close()))
	out := append(slices.Clone(raw[:before-1]), byte(chunk.KindCompressed))
	return append(binary.AppendUvarint(out, uint64(packed.Len())), packed.Bytes()...)
}

// says runs headers.mjs with lines of base64 on its input.
func says(t *testing.T, input [][]byte, arguments ...string) (lines []spoken) {
	t.Helper()
	node, err := exec.LookPath("node")
	root, absErr := filepath.Abs(filepath.Join("..", ".."))
	must(t, errors.Join(err, absErr))
	var in bytes.Buffer
	for _, raw := range input {
		in.WriteString(base64.StdEncoding.EncodeToString(raw) + "\n")
	}
	cmd := exec.Command(node, append([]string{filepath.Join("crdt", "materialize", "testdata", "headers.mjs")}, arguments...)...)
	cmd.Dir, cmd.Stdin, cmd.Stderr = root, &in, os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	for from := json.NewDecoder(bufio.NewReader(out)); ; {
		var line spoken
		if err := from.Decode(&line); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	must(t, cmd.Wait())
	if len(lines) == 0 {
		t.Fatal("Automerge JS had nothing to say")
	}
	return lines
}
