package p2p

import (
	"bufio"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

// A conversation is one stream of frames with a deadline on every step. It is
// used by one goroutine.
type conversation struct {
	stream  network.Stream
	reader  *bufio.Reader
	writer  *bufio.Writer
	patient time.Duration // for each step
}

func converse(stream network.Stream, patient time.Duration) *conversation {
	return &conversation{
		stream:  stream,
		reader:  bufio.NewReader(stream),
		writer:  bufio.NewWriterSize(stream, 16<<10),
		patient: patient,
	}
}

// say puts messages on their way. They leave at the latest when hear is called.
func (c *conversation) say(messages ...message) error {
	if err := c.stream.SetWriteDeadline(time.Now().Add(c.patient)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	for _, m := range messages {
		if err := writeFrame(c.writer, m); err != nil {
			return err
		}
	}
	return nil
}

func (c *conversation) flush() error {
	if err := c.writer.Flush(); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	return nil
}

// hear reads the next message, which must be of the kind of one of the given
// ones, and returns that one. It returns io.EOF if the other side is done.
func (c *conversation) hear(limit int, expected ...message) (message, error) {
	if err := c.flush(); err != nil {
		return nil, err
	}
	if err := c.stream.SetReadDeadline(time.Now().Add(c.patient)); err != nil {
		return nil, fmt.Errorf("set deadline: %w", err)
	}
	kind, body, err := readFrame(c.reader, limit)
	if err != nil {
		return nil, err
	}
	for _, m := range expected {
		if m.kind() == kind {
			return m, decodeMessage(body, m)
		}
	}
	return nil, fmt.Errorf("%w: message of kind %d is not due", errNonsense, kind)
}

// close ends the conversation in good order.
func (c *conversation) close() error {
	if err := c.flush(); err != nil {
		c.abort()
		return err
	}
	// Closing fails where the other side has closed first, having heard what it
	// wanted; what we wanted, we have heard too.
	_ = c.stream.Close()
	return nil
}

// abort ends it without a word. Calling it after close releases what is left.
func (c *conversation) abort() { _ = c.stream.Reset() }
