package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"parley/app/vault"
)

// settings is what a person chose on this device and what it remembers of its
// windows and invitations, of who was verified and what waits: conveniences,
// none of them part of anybody's work. A file that cannot be read is therefore put aside, and Parley starts
// without.
type settings struct {
	Person *Person `json:"person,omitempty"`
	Start  *Place  `json:"start,omitempty"` // where a window begins that was nowhere before
	// Window and Browser were kept here by earlier versions; see frame.
	Window  *WindowSize    `json:"window,omitempty"`
	Browser *BrowserAccess `json:"browser,omitempty"`
	// Invitations are the secrets of invitations made on this device, in hex,
	// by the invitation's key. Values are replaced, never changed.
	Invitations map[string]string `json:"invitations,omitempty"`
	// Successions are the successors that this device has founded, by the space
	// that they follow. Values are replaced, never changed.
	Successions map[string]succession `json:"successions,omitempty"`
	// Rooms are the spaces of rooms that are open, by the key of the room's
	// invitation. Values are replaced, never changed.
	Rooms map[string]string `json:"rooms,omitempty"`
	// Unsaid: the person was said here, and some space may not know it yet.
	Unsaid bool `json:"unsaid,omitempty"`
	// Frugal: the network is to be used sparingly.
	Frugal bool `json:"frugal,omitempty"`
	// Unhelpful: fellow members are not helped to find each other.
	Unhelpful bool `json:"unhelpful,omitempty"`
	// Bootstrap are nodes to ask for members of spaces that are looked for
	// widely. It is replaced, never changed.
	Bootstrap []string `json:"bootstrap,omitempty"`
	// Known are the devices of this person, sorted; nil before they were looked
	// at first. It is replaced, never changed, as are the next ones.
	Known    []string       `json:"known,omitempty"`
	Recovery *recoveryMark  `json:"recovery,omitempty"`
	Verified []verifiedMark `json:"verified,omitempty"`
	Pending  []pendingJoin  `json:"pending,omitempty"`
}

// settingsFile keeps settings in a file that is replaced as a whole.
type settingsFile struct {
	path string
	key  *vault.Key

	mu  sync.Mutex
	now settings
}

// openSettings reads the settings, and seals those that lie in the clear. A
// file that cannot be read it renames, so that nothing writes over it, and says
// to what.
func openSettings(path string, key *vault.Key) (_ *settingsFile, aside string, err error) {
	f := &settingsFile{path: path, key: key}
	raw, inClear, err := readSealed(key, path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, "", nil
	}
	if err == nil {
		if err = json.Unmarshal(raw, &f.now); err == nil {
			if inClear {
				err = f.change(func(*settings) {})
			}
			return f, "", err
		}
		f.now = settings{} // not what was read before the damage
	}
	aside, asideErr := putAside(path)
	if asideErr != nil {
		return nil, "", fmt.Errorf("put unreadable settings aside: %w", errors.Join(err, asideErr))
	}
	return f, aside, nil
}

// putAside renames a file to a name that says why and is nobody else's.
func putAside(path string) (string, error) {
	for n := 1; ; n++ {
		aside := path + damagedSuffix
		if n > 1 {
			aside += "." + strconv.Itoa(n)
		}
		_, err := os.Lstat(aside)
		if err == nil {
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if err := os.Rename(path, aside); err != nil {
			return "", err
		}
		return aside, syncDir(filepath.Dir(path))
	}
}

const damagedSuffix = ".damaged"

// Aside says in a sentence that an earlier file of settings could not be read,
// for as long as it lies beside the new one. It is empty where there is none.
func (a *App) Aside() string {
	aside := a.locations.Settings() + damagedSuffix
	if _, err := os.Lstat(aside); err != nil {
		return ""
	}
	return fmt.Sprintf("The settings of this device could not be read and lie aside in %s. "+
		"Parley has started without them: the codes of invitations made here cannot be shown again, "+
		"whom you have verified is forgotten, and so are requests that wait for an answer. "+
		"When you need that file no more, delete it.", aside)
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
	if err := replaceSealed(f.key, f.path, append(raw, '\n')); err != nil {
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
