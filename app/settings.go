package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// settings is what a person chose on this device and what it remembers of its
// windows and invitations: conveniences, none of them part of anybody's
// work. A damaged file therefore starts afresh.
type settings struct {
	Person *Person     `json:"person,omitempty"`
	Window *WindowSize `json:"window,omitempty"`
	Start  *Place      `json:"start,omitempty"` // where a window begins that was nowhere before
	// Browser is a secret like the device key beside it.
	Browser *BrowserAccess `json:"browser,omitempty"`
	// Invitations are the secrets of invitations made on this device, in hex,
	// by the invitation's key. They are no more secret than the device key
	// beside them. Values are replaced, never changed.
	Invitations map[string]string `json:"invitations,omitempty"`
}

// WindowSize is the size of the desktop window, in its own pixels.
type WindowSize struct {
	Width     int  `json:"width"`
	Height    int  `json:"height"`
	Maximised bool `json:"maximised,omitempty"`
}

// settingsFile keeps settings in a file that is replaced as a whole.
type settingsFile struct {
	path string

	mu  sync.Mutex
	now settings
}

func openSettings(path string) (*settingsFile, error) {
	f := &settingsFile{path: path}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	var read settings
	if json.Unmarshal(raw, &read) == nil {
		f.now = read
	}
	return f, nil
}

func (f *settingsFile) get() settings {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// change applies one change and makes it durable before anybody can see it.
func (f *settingsFile) change(change func(*settings)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := f.now
	change(&next)
	raw, err := json.MarshalIndent(next, "", "\t")
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	if err := replaceFile(f.path, append(raw, '\n')); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	f.now = next
	return nil
}

// replaceFile writes a file of the user's own (mode 0600) so that a crash at
// any moment leaves either the old content or the new.
func replaceFile(path string, content []byte) error {
	temp, err := writeTemp(path, content)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(filepath.Dir(path))
}

// writeTemp writes content, synced, to a new file beside path.
func writeTemp(path string, content []byte) (name string, err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

func syncDir(dir string) error {
	handle, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(handle.Sync(), handle.Close())
}
