package p2p

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"parley/space/canonical"
)

// errNonsense is what a device sent that no honest one would: it is wrapped by
// every error for which the device is refused.
var errNonsense = errors.New("not in the protocol")

const (
	frameHeader = 5       // length and kind
	readAhead   = 1 << 16 // how much is allocated before bytes have arrived
)

// A message is the body of one frame. Its kind is unique within a protocol.
type message interface {
	kind() byte
	// check reports fields out of bounds. It is called after decoding.
	check() error
}

var encoding, decoding = canonical.Modes(canonical.Limits{Levels: 8, Elements: maxItems, Pairs: 64})

// appendMessage appends kind and body, as they stand in a frame and in gossip.
func appendMessage(to []byte, m message) ([]byte, error) {
	buffer := bytes.NewBuffer(append(to, m.kind()))
	if err := encoding.NewEncoder(buffer).Encode(m); err != nil {
		return nil, fmt.Errorf("encode message of kind %d: %w", m.kind(), err)
	}
	return buffer.Bytes(), nil
}

// decodeMessage reads a body that must be exactly what appendMessage writes.
func decodeMessage(body []byte, into message) error {
	if err := decoding.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%w: message of kind %d: %w", errNonsense, into.kind(), err)
	}
	again, err := appendMessage(make([]byte, 0, len(body)+1), into)
	if err != nil {
		return fmt.Errorf("%w: %w", errNonsense, err)
	}
	if !bytes.Equal(again[1:], body) {
		return fmt.Errorf("%w: message of kind %d is not in canonical form", errNonsense, into.kind())
	}
	if err := into.check(); err != nil {
		return fmt.Errorf("%w: message of kind %d: %w", errNonsense, into.kind(), err)
	}
	return nil
}

// encodeFrame is a message as it goes over a stream.
func encodeFrame(m message) ([]byte, error) {
	frame, err := appendMessage(make([]byte, frameHeader-1, 256), m)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-frameHeader+1))
	return frame, nil
}

// readFrame returns the kind and the body of the next frame, whose length must
// be at most limit; announce is told the length before the rest is read. It
// returns io.EOF, unwrapped, only between frames.
func readFrame(r io.Reader, limit int, announce func(length int) error) (kind byte, body []byte, err error) {
	var header [frameHeader - 1]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return 0, nil, io.EOF
		}
		return 0, nil, fmt.Errorf("read frame: %w", err)
	}
	length := int(binary.BigEndian.Uint32(header[:]))
	if length < 1 || length > limit {
		return 0, nil, fmt.Errorf("%w: frame of %d bytes where at most %d may come", errNonsense, length, limit)
	}
	if err := announce(length); err != nil {
		return 0, nil, err
	}
	var content []byte
	if length <= readAhead {
		content = make([]byte, length)
		_, err = io.ReadFull(r, content)
	} else {
		// A promise of many bytes is believed only as they arrive.
		var buffer bytes.Buffer
		buffer.Grow(readAhead)
		_, err = io.CopyN(&buffer, r, int64(length))
		content = buffer.Bytes()
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read frame: %w", noEOF(err))
	}
	return content[0], content[1:], nil
}

// noEOF tells a stream that ended within a frame from one that ended after it.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
