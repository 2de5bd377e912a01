package app

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// frame is what is needed to show a window before the device is open: the one
// file of a data directory that is in the clear, because a locked device must
// be able to ask for its passphrase. None of it says anything about the work
// or the people. A file that cannot be read is as good as none.
type frame struct {
	Window  *WindowSize    `json:"window,omitempty"`
	Browser *BrowserAccess `json:"browser,omitempty"`
}

// WindowSize is the size of the desktop window, in its own pixels.
type WindowSize struct {
	Width     int  `json:"width"`
	Height    int  `json:"height"`
	Maximised bool `json:"maximised,omitempty"`
}

// BrowserAccess is how a browser gets to this device's window: the secret in
// its link, and the port that it was served at last. Both are kept, so that a
// page which is open while the peer restarts finds its way back and hands over
// what it could not save meanwhile. The secret opens nothing but a window on
// this machine, and only while the peer runs.
type BrowserAccess struct {
	Token string `json:"token"`
	Port  uint16 `json:"port,omitempty"`
}

// frameFile keeps a frame in a file that is replaced as a whole.
type frameFile struct {
	path string

	mu  sync.Mutex
	now frame
}

func openFrame(path string) (*frameFile, error) {
	f := &frameFile{path: path}
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read frame: %w", err)
	}
	if err != nil || json.Unmarshal(raw, &f.now) != nil {
		f.now = frame{}
	}
	return f, nil
}

// size is the size that the desktop window had last, or zero.
func (f *frameFile) size() WindowSize {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now.Window == nil {
		return WindowSize{}
	}
	return *f.now.Window
}

func (f *frameFile) setSize(size WindowSize) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.save(frame{Window: &size, Browser: f.now.Browser})
}

// access answers with what is kept, and draws the token at first.
func (f *frameFile) access() (BrowserAccess, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if kept := f.now.Browser; kept != nil && kept.Token != "" {
		return *kept, nil
	}
	var secret [32]byte
	rand.Read(secret[:]) // never fails: it ends the process where there is no randomness
	drawn := BrowserAccess{Token: base64.RawURLEncoding.EncodeToString(secret[:])}
	return drawn, f.save(frame{Window: f.now.Window, Browser: &drawn})
}

// keepPort remembers where the window is served now.
func (f *frameFile) keepPort(port uint16) error {
	kept, err := f.access()
	if err != nil || kept.Port == port {
		return err
	}
	kept.Port = port
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.save(frame{Window: f.now.Window, Browser: &kept})
}

// adopt takes over what an earlier version kept among the settings.
func (f *frameFile) adopt(kept *settingsFile) error {
	old := kept.get()
	if old.Window == nil && old.Browser == nil {
		return nil
	}
	f.mu.Lock()
	next := f.now
	if next.Window == nil {
		next.Window = old.Window
	}
	if next.Browser == nil {
		next.Browser = old.Browser
	}
	err := f.save(next)
	f.mu.Unlock()
	if err != nil {
		return err
	}
	return kept.change(func(s *settings) { s.Window, s.Browser = nil, nil })
}

// save makes a frame durable. The caller holds mu.
func (f *frameFile) save(next frame) error {
	raw, err := json.MarshalIndent(next, "", "\t")
	if err == nil {
		err = replaceFile(f.path, append(raw, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	f.now = next
	return nil
}
