package command

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"
)

// FuzzOrder reads what another process says to a running peer, as far as it can
// be read without doing it.
func FuzzOrder(f *testing.F) {
	commands, err := named()
	if err != nil {
		f.Fatal(err)
	}
	for name, build := range commands {
		arguments, err := json.Marshal(build())
		if err != nil {
			f.Fatal(err)
		}
		raw, err := json.Marshal(order{Version: controlVersion, Command: name, Arguments: arguments})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(raw, '\n'))
	}
	f.Add([]byte(`{"version":1,"command":"space list","arguments":{"Unknown":true}}` + "\n"))
	f.Add([]byte(`{"version":1,"command":"space create","arguments":null}` + "\n"))
	f.Add([]byte("nonsense"))
	c := &Control{commands: commands}
	f.Fuzz(func(t *testing.T, raw []byte) {
		command, err := c.read(bufio.NewReader(bytes.NewReader(raw)))
		if err == nil && command == nil {
			t.Error("an order for nothing")
		}
	})
}

// FuzzFeed reads the bytes of a file as they travel.
func FuzzFeed(f *testing.F) {
	var whole bytes.Buffer
	if err := hand(&whole, bytes.NewReader(bytes.Repeat([]byte("picture"), 10))); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:whole.Len()/2])
	f.Add([]byte(`{"data":"AAE="}{"data":"AAE=","end":true}{"data":"AAE="}`))
	f.Add([]byte(`{"end":true}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		in := newFeed(bytes.NewReader(raw))
		got, err := io.ReadAll(in)
		in.drain()
		in.wait()
		if err != nil {
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		// What came to its end comes back when it is handed over again.
		var again bytes.Buffer
		if err := hand(&again, bytes.NewReader(got)); err != nil {
			t.Fatal(err)
		}
		if back, err := io.ReadAll(newFeed(&again)); err != nil || !bytes.Equal(back, got) {
			t.Fatalf("%d bytes came back as %d, %v", len(got), len(back), err)
		}
	})
}
