package bundle

import (
	"bytes"
	"encoding/binary"
	"io"

	"filippo.io/age"

	"parley/crdt"
	"parley/space"
)

// What tests need that make bundles no honest device would.

// Frame is one frame of a bundle.
type Frame struct {
	Kind    byte
	Content []byte
}

// Seal encrypts any bytes to devices, as a bundle is.
func Seal(payload []byte, devices ...space.DeviceID) ([]byte, error) {
	recipients, err := recipientsOf(devices)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	w, err := age.Encrypt(&file, recipients...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(payload); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}

// Unseal gives what is encrypted in a file.
func Unseal(key space.Key, file []byte) ([]byte, error) {
	identity, err := identityOf(key)
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(bytes.NewReader(file), identity)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// Frames takes what is encrypted apart, without looking at anything.
func Frames(payload []byte) (frames []Frame) {
	for rest := payload[len(magic)+len(space.DeviceID{}):]; len(rest) > 0; {
		n := int(binary.BigEndian.Uint32(rest))
		frames = append(frames, Frame{Kind: rest[4], Content: rest[frameHead : frameHead+n]})
		rest = rest[frameHead+n+64:]
	}
	return frames
}

// Sign makes what is encrypted of frames, whatever they are.
func Sign(key space.Key, frames ...Frame) []byte {
	var payload bytes.Buffer
	w, err := newFrameWriter(&payload, key)
	if err != nil {
		panic(err)
	}
	for _, f := range frames {
		w.chain.link(f.Kind, f.Content)
		payload.Write(binary.BigEndian.AppendUint32(nil, uint32(len(f.Content))))
		payload.WriteByte(f.Kind)
		payload.Write(f.Content)
		payload.Write(key.Sign(w.chain.message()))
	}
	return payload.Bytes()
}

// Piece is the content of a piece.
func Piece(ref crdt.Ref, b crdt.Bundle) []byte { return mustEncode(pieceOf(ref, b)) }

// Told is the content of what is told of a part, count times.
func Told(ref crdt.Ref, count int) []byte {
	var m toldMessage
	for range count {
		m.Parts = append(m.Parts, toldPart{Document: ref.Document, Part: ref.Part})
	}
	return mustEncode(&m)
}

// File is the content of a frame that begins a file.
func File(id crdt.BlobID, size uint64) []byte {
	return mustEncode(&fileMessage{ID: id, Media: "image/png", Size: size})
}

// Log is the content of entries.
func Log(entries ...[]byte) []byte { return mustEncode(&logMessage{Entries: entries}) }

func mustEncode(m message) []byte {
	raw, err := encoding.Marshal(m)
	if err != nil {
		panic(err)
	}
	return raw
}
