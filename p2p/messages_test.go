package p2p

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// samples is one good message of every kind, by protocol.
var samples = map[string][]message{
	"hello": {
		&nonce{Nonce: [32]byte{1, 2, 3}},
		&tags{Tags: []tag{{1}, {2}}},
		&proof{Tag: tag{9}, Entries: [][]byte{[]byte("entry"), []byte("another")}},
		&proofEnd{},
	},
	"admit": {
		&nonce{Nonce: [32]byte{4}},
		&knock{Tag: tag{5}, Signature: [64]byte{6}},
		&openDoor{Tag: tag{7}},
		&apply{Application: []byte("application")},
		&admitted{Entries: [][]byte{[]byte("entry")}, Last: true},
		&refused{Reason: reasonFor(space.ErrUsedUp)},
		&seats{Seats: []seat{{Space: space.ID{8}, Name: "Park"}}, Last: true},
	},
	"words": {
		&askWords{Hint: 7, Share: [openerShare]byte{1}},
		&answerShareWords{Share: [answererShare]byte{2}},
		&proveWords{Proof: [proofBytes]byte{3}},
		&givenCode{Sealed: bytes.Repeat([]byte{4}, sealOverhead+1)},
	},
	"room": {
		&enterRoom{Space: space.ID{1}},
	},
	"gossip": {
		&changesMessage{
			Document: crdt.DocumentID{1}, Part: space.Annotations,
			Changes: [][]byte{[]byte("change")}, Signatures: sampleSignatures,
		},
		&entriesMessage{Entries: [][]byte{[]byte("entry")}},
		&presenceMessage{Counter: 7, Document: bytes.Repeat([]byte{3}, 16), Part: space.Body, State: []byte("caret")},
		&haveMessage{Counter: 8, Digest: [32]byte{9}, Parts: sampleParts},
	},
	"blobs": {
		&enterRoom{Space: space.ID{1}},
		&askBlob{Blob: [32]byte{1}, Offset: 3 << 20},
		&blobFound{Size: 4 << 20, Media: "image/png"},
		&blobAbsent{},
		&listBlobs{Digest: [32]byte{2}},
		&blobNames{Names: [][32]byte{{3}, {4}}, Last: true},
	},
	"catch-up": {
		&openPull{Space: space.ID{1}, Landmarks: []space.Hash{{2}}, Digest: [32]byte{3}, Wants: sampleWants},
		&logPage{Entries: [][]byte{[]byte("entry")}, Last: true},
		&sums{Digest: [32]byte{1}, Buckets: []bucketSum{{Bucket: 3, Digest: shortDigest{4}}, {Bucket: 200, Digest: shortDigest{5}}}},
		&listParts{Buckets: []uint{0, 3, 255}},
		&parts{Parts: []partSum{{Document: crdt.DocumentID{1}, Part: space.Body, Digest: shortDigest{2}}}, Last: true},
		&pullEnd{},
		&wantParts{Wants: sampleWants},
		&piece{
			Document: crdt.DocumentID{1}, Part: space.Body, Vector: sampleParts[0].Vector,
			Snapshots: [][]byte{[]byte("snapshot")}, Changes: [][]byte{[]byte("change")},
			Signatures: sampleSignatures, More: true,
		},
	},
}

var (
	sampleParts = []partVector{{
		Document: crdt.DocumentID{5}, Part: space.Annotations,
		Vector: wireVector{{Actor: []byte("actor one"), Seq: 3}, {Actor: []byte("actor two"), Seq: 1}},
	}}
	sampleWants = []partTips{{
		Document: crdt.DocumentID{5}, Part: space.Annotations,
		Tips: wireTips{{Actor: []byte("actor one"), Seq: 3, Hash: chunk.Hash{1}}, {Actor: []byte("actor two"), Seq: 1}}, Forks: shortDigest{4}, Aside: wireAside("set aside first set aside other "),
	}}
	sampleSignatures = []wireSignature{{
		Actor: []byte("actor one"), Seq: 3, Hash: chunk.Hash{1}, Device: space.DeviceID{2}, Sig: [64]byte{3},
	}}
)

// blank is an empty message of the same kind.
func blank(m message) message {
	return reflect.New(reflect.TypeOf(m).Elem()).Interface().(message)
}

func TestEveryMessageSurvivesTheWire(t *testing.T) {
	for protocol, messages := range samples {
		seen := make(map[byte]bool)
		for _, m := range messages {
			if seen[m.kind()] {
				t.Errorf("%s has two messages of kind %d", protocol, m.kind())
			}
			seen[m.kind()] = true
			wire, err := encodeFrame(m)
			if err != nil {
				t.Fatal(err)
			}
			kind, body, err := readFrame(bytes.NewReader(wire), 1<<20, anyLength)
			if err != nil {
				t.Fatal(err)
			}
			got := blank(m)
			if kind != m.kind() {
				t.Errorf("%T came as kind %d", m, kind)
			}
			if err := decodeMessage(body, got); err != nil {
				t.Errorf("%T: %v", m, err)
			}
			if !reflect.DeepEqual(got, m) {
				t.Errorf("%T came as %+v", m, got)
			}
		}
	}
}

func TestDecodersRefuse(t *testing.T) {
	long := func(n int) []byte { return bytes.Repeat([]byte{1}, n) }
	for name, m := range map[string]message{
		"a part that does not exist":        &presenceMessage{Part: 9},
		"a presence that is too large":      &presenceMessage{State: long(maxState + 1)},
		"half a document ID":                &presenceMessage{Document: long(8)},
		"an entry that is too large":        &entriesMessage{Entries: [][]byte{long(space.MaxEntry + 1)}},
		"an empty change":                   &changesMessage{Changes: [][]byte{{}}},
		"no changes":                        &changesMessage{},
		"actors out of order":               &wantParts{Wants: []partTips{{Tips: wireTips{{Actor: []byte("b"), Seq: 1}, {Actor: []byte("a"), Seq: 1}}}}},
		"one actor twice":                   &wantParts{Wants: []partTips{{Tips: wireTips{{Actor: []byte("a"), Seq: 1}, {Actor: []byte("a"), Seq: 2}}}}},
		"an actor that is too long":         &wantParts{Wants: []partTips{{Tips: wireTips{{Actor: long(maxActor + 1), Seq: 1}}}}},
		"an actor at nothing":               &wantParts{Wants: []partTips{{Tips: wireTips{{Actor: []byte("a")}}}}},
		"half a change that is aside":       &wantParts{Wants: []partTips{{Aside: make(wireAside, 12)}}},
		"what is aside out of order":        &wantParts{Wants: []partTips{{Aside: wireAside("set aside other set aside first ")}}},
		"too many wants":                    &wantParts{Wants: make([]partTips, maxWants+1)},
		"a media type that is too long":     &blobFound{Media: strings.Repeat("m", maxMedia+1)},
		"too many names":                    &blobNames{Names: make([][32]byte, namesPage+1)},
		"too many tags":                     &tags{Tags: make([]tag, maxTags+1)},
		"a bucket that does not exist":      &listParts{Buckets: []uint{256}},
		"buckets out of order":              &sums{Buckets: []bucketSum{{Bucket: 2}, {Bucket: 1}}},
		"a refusal without a reason":        &refused{},
		"a code that is too long":           &givenCode{Sealed: long(maxCode + sealOverhead + 1)},
		"a code that is none":               &givenCode{Sealed: long(sealOverhead)},
		"an application that is no entry's": &apply{Application: long(space.MaxEntry + 1)},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := appendMessage(nil, m)
			if err != nil {
				t.Fatal(err)
			}
			if err := decodeMessage(raw[1:], blank(m)); !errors.Is(err, errNonsense) {
				t.Errorf("got %v", err)
			}
		})
	}
	for name, raw := range map[string]string{
		"nothing":            "",
		"an unknown key":     "\xa2\x01\x58\x20" + strings.Repeat("n", 32) + "\x02\x00",
		"trailing bytes":     "\xa1\x01\x58\x20" + strings.Repeat("n", 32) + "\x00",
		"a short nonce":      "\xa1\x01\x58\x1f" + strings.Repeat("n", 31),
		"a long nonce":       "\xa1\x01\x58\x21" + strings.Repeat("n", 33),
		"a long form":        "\xb8\x01\x01\x58\x20" + strings.Repeat("n", 32),
		"indefinite length":  "\xbf\x01\x58\x20" + strings.Repeat("n", 32) + "\xff",
		"the same key twice": "\xa2\x01\x58\x20" + strings.Repeat("n", 32) + "\x01\x58\x20" + strings.Repeat("n", 32),
	} {
		t.Run(name, func(t *testing.T) {
			if err := decodeMessage([]byte(raw), &nonce{}); !errors.Is(err, errNonsense) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFrameLengths(t *testing.T) {
	for name, raw := range map[string]string{"nothing": "\x00\x00\x00\x00", "too much": "\xff\xff\xff\xff\x01"} {
		if _, _, err := readFrame(strings.NewReader(raw), 1<<20, anyLength); !errors.Is(err, errNonsense) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, _, err := readFrame(strings.NewReader(""), 10, anyLength); !errors.Is(err, io.EOF) {
		t.Errorf("the end of a stream: got %v", err)
	}
	for name, raw := range map[string]string{"in the length": "\x00\x00", "in a short body": "\x00\x00\x00\x09\x01\x02", "in a long body": "\x00\x0f\xff\xff\x01"} {
		if _, _, err := readFrame(strings.NewReader(raw), 1<<20, anyLength); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the end %s: got %v", name, err)
		}
	}
}

func anyLength(int) error { return nil }

func TestPagesHoldEverythingOnce(t *testing.T) {
	items := [][]byte{make([]byte, 5), make([]byte, 20), make([]byte, 5), make([]byte, 5), make([]byte, 1)}
	var sizes []int
	for _, page := range pages(items, 10) {
		sizes = append(sizes, len(page))
	}
	if !reflect.DeepEqual(sizes, []int{1, 1, 2, 1}) {
		t.Errorf("pages of %v items", sizes)
	}
	if got := pages(nil, 10); len(got) != 1 || len(got[0]) != 0 {
		t.Errorf("nothing comes as %v", got)
	}
}

func fuzzProtocol(f *testing.F, protocol string) {
	for _, m := range samples[protocol] {
		raw, err := appendMessage(nil, m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) == 0 {
			return
		}
		for _, sample := range samples[protocol] {
			if sample.kind() != raw[0] {
				continue
			}
			m := blank(sample)
			err := decodeMessage(raw[1:], m)
			if err != nil {
				if !errors.Is(err, errNonsense) {
					t.Fatalf("%T fails with %v", m, err)
				}
				continue
			}
			again, err := appendMessage(nil, m)
			if err != nil || !bytes.Equal(again, raw) {
				t.Fatalf("%T is %x when written again (%v)", m, again, err)
			}
		}
	})
}

func FuzzHello(f *testing.F)   { fuzzProtocol(f, "hello") }
func FuzzAdmit(f *testing.F)   { fuzzProtocol(f, "admit") }
func FuzzRoom(f *testing.F)    { fuzzProtocol(f, "room") }
func FuzzWords(f *testing.F)   { fuzzProtocol(f, "words") }
func FuzzCatchUp(f *testing.F) { fuzzProtocol(f, "catch-up") }

func FuzzGossip(f *testing.F) {
	key, park := space.KeyFromSeed([32]byte{1}), space.ID{2}
	for _, m := range samples["gossip"] {
		switch m.(type) {
		case *presenceMessage, *haveMessage:
			signed, err := state(key, park, m)
			if err != nil {
				f.Fatal(err)
			}
			m = signed
		}
		raw, err := appendMessage(nil, m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		author, m, err := decodeGossip(park, raw)
		if err != nil {
			if !errors.Is(err, errNonsense) {
				t.Fatal(err)
			}
			return
		}
		if author != (space.DeviceID{}) && author != key.Device() {
			t.Fatalf("a statement of %s was forged", author)
		}
		if author != key.Device() {
			if again, err := appendMessage(nil, m); err != nil || !bytes.Equal(again, raw) {
				t.Fatalf("%T is %x when written again (%v)", m, again, err)
			}
		}
	})
}

func FuzzFrame(f *testing.F) {
	for _, messages := range samples {
		var all bytes.Buffer
		for _, m := range messages {
			frame, err := encodeFrame(m)
			if err != nil {
				f.Fatal(err)
			}
			all.Write(frame)
		}
		f.Add(all.Bytes())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := bytes.NewReader(raw)
		for {
			at := len(raw) - r.Len()
			_, body, err := readFrame(r, 1<<16, anyLength)
			if err != nil {
				return
			}
			if used := len(raw) - r.Len() - at; used != len(body)+frameHeader {
				t.Fatalf("a body of %d bytes took %d", len(body), used)
			}
		}
	})
}
