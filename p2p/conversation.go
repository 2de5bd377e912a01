package p2p

import (
	"bufio"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

// slowest is the rate, in bytes a second, below which a stream counts as stuck:
// large frames are given the more time.
const slowest = 16 << 10

// A conversation is one stream of frames with a deadline on every step. It is
// used by one goroutine, but for heard and gained.
type conversation struct {
	stream  network.Stream
	reader  *bufio.Reader
	writer  *bufio.Writer
	patient time.Duration // for each step, and what its size allows
	heard   atomic.Int64  // when the other side said something last, in Unix nanoseconds
	gained  atomic.Int64  // when it last said what was new to us; 0: never
}

func converse(stream network.Stream, patient time.Duration) *conversation {
	c := &conversation{
		stream:  stream,
		reader:  bufio.NewReader(stream),
		writer:  bufio.NewWriterSize(stream, 16<<10),
		patient: patient,
	}
	c.heard.Store(time.Now().UnixNano())
	return c
}

// counts adds the bytes that come from now on to a number, if there is one. It is
// called before anything is heard.
func (c *conversation) counts(brought *atomic.Int64) {
	if brought != nil {
		c.reader = bufio.NewReader(counted{c.stream, brought})
	}
}

// counted counts what is read.
type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// by is when a step with a frame of some size must have ended.
func (c *conversation) by(size int) time.Time {
	return time.Now().Add(c.patient + time.Duration(size)*time.Second/slowest)
}

// say puts messages on their way. They leave at the latest when hear is called.
func (c *conversation) say(messages ...message) error {
	for _, m := range messages {
		frame, err := encodeFrame(m)
		if err != nil {
			return err
		}
		if err := c.stream.SetWriteDeadline(c.by(c.writer.Buffered() + len(frame))); err != nil {
			return fmt.Errorf("set deadline: %w", err)
		}
		if _, err := c.writer.Write(frame); err != nil {
			return fmt.Errorf("write frame: %w", err)
		}
	}
	return nil
}

func (c *conversation) flush() error {
	if err := c.stream.SetWriteDeadline(c.by(c.writer.Buffered())); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
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
	if err := c.allow(0); err != nil {
		return nil, err
	}
	kind, body, err := readFrame(c.reader, limit, c.allow)
	if err != nil {
		return nil, err
	}
	c.heard.Store(time.Now().UnixNano())
	for _, m := range expected {
		if m.kind() == kind {
			return m, decodeMessage(body, m)
		}
	}
	return nil, fmt.Errorf("%w: message of kind %d is not due", errNonsense, kind)
}

// gains notes that what was heard is new to us.
func (c *conversation) gains() { c.gained.Store(time.Now().UnixNano()) }

// allow gives the other side time for a frame of some size.
func (c *conversation) allow(size int) error {
	if err := c.stream.SetReadDeadline(c.by(size)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	return nil
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
