package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
)

// DefaultProfile is the device that is meant when nobody names another.
const DefaultProfile = "default"

var profileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$`)

// Locations knows every path that Parley uses on disk. All of them lie below
// one data directory, which is one device: its key, its store, its settings.
// The control socket alone lives elsewhere, because the path of a Unix socket
// may have only about a hundred bytes.
type Locations struct{ data string }

// At is the device whose data directory is dir.
func At(dir string) (Locations, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Locations{}, fmt.Errorf("find data directory: %w", err)
	}
	return Locations{data: abs}, nil
}

// Profile is the device of that name in the platform's data directory, so that
// one person can have several separate devices on one machine.
func Profile(name string) (Locations, error) {
	if name == "" {
		name = DefaultProfile
	}
	if !profileName.MatchString(name) {
		return Locations{}, newError(CodeInvalid, fmt.Sprintf(
			"%q cannot be the name of a profile. Use up to 32 letters, digits, hyphens and underscores.", name))
	}
	root, err := dataRoot()
	if err != nil {
		return Locations{}, err
	}
	return At(filepath.Join(root, name))
}

// Locate is At(data) where data is given, and Profile(profile) where not.
func Locate(data, profile string) (Locations, error) {
	if data != "" {
		return At(data)
	}
	return Profile(profile)
}

// dataRoot is where the platform wants an app to keep what people made.
func dataRoot() (string, error) {
	home, err := os.UserHomeDir()
	switch runtime.GOOS {
	case "windows":
		if dir := os.Getenv("LocalAppData"); dir != "" {
			return filepath.Join(dir, "Parley"), nil
		}
	case "darwin":
		if err == nil {
			return filepath.Join(home, "Library", "Application Support", "Parley"), nil
		}
	default:
		if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
			return filepath.Join(dir, "parley"), nil
		}
		if err == nil {
			return filepath.Join(home, ".local", "share", "parley"), nil
		}
	}
	return "", newError(CodeUnwritable,
		"Parley cannot find your home directory, so it does not know where to keep your work. Name a directory with --data.")
}

// Data is the data directory, absolute.
func (l Locations) Data() string { return l.data }

// DeviceKey is the file with the device's private key, readable by its owner
// only.
func (l Locations) DeviceKey() string { return filepath.Join(l.data, "device.key") }

// StoreKey is the file with the key that everything else is encrypted with,
// wrapped (package vault).
func (l Locations) StoreKey() string { return filepath.Join(l.data, "store.key") }

// Incarnation is the file by which a data directory that was copied, or put
// back, is recognised.
func (l Locations) Incarnation() string { return filepath.Join(l.data, "incarnation") }

// Store is the directory of the document store.
func (l Locations) Store() string { return filepath.Join(l.data, "store") }

// Settings is the file with what a person chose on this device and what it
// remembers of its windows.
func (l Locations) Settings() string { return filepath.Join(l.data, "settings.json") }

// Notices is the file with what people of this device should know and have not
// dismissed.
func (l Locations) Notices() string { return filepath.Join(l.data, "notices.json") }

// Frame is the file with what a window needs before the device is open.
func (l Locations) Frame() string { return filepath.Join(l.data, "frame.json") }

// WindowData and WindowCache are where the desktop window's web engine keeps
// what a page stores.
func (l Locations) WindowData() string { return filepath.Join(l.data, "window") }

// WindowCache is described at WindowData.
func (l Locations) WindowCache() string { return filepath.Join(l.data, "window", "cache") }

// Addresses is the file with where this device and others could be reached
// last.
func (l Locations) Addresses() string { return filepath.Join(l.data, "addresses.json") }

// ControlSocket is where a running peer takes commands: a short path that
// every process of the same user finds from the data directory alone, whatever
// its environment says. The directory around it is private; see PrivateDir.
func (l Locations) ControlSocket() string {
	data := l.data
	if resolved, err := filepath.EvalSymlinks(data); err == nil {
		data = resolved // two names of one directory are one device
	}
	sum := sha256.Sum256([]byte(data))
	return filepath.Join(runtimeRoot(), hex.EncodeToString(sum[:8])+".sock")
}

// runtimeRoot does not ask the environment: a command that runs from cron or
// over SSH has another one than the window it wants to talk to.
func runtimeRoot() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(os.TempDir(), "parley")
	}
	uid := os.Getuid()
	session := fmt.Sprintf("/run/user/%d", uid)
	if info, err := os.Stat(session); err == nil && info.IsDir() && ownedByMe(info) {
		return filepath.Join(session, "parley")
	}
	return fmt.Sprintf("/tmp/parley-%d", uid)
}

// PrivateDir makes sure that dir exists and is private, as IsPrivateDir says.
// It closes a directory of this user's own, and refuses one that somebody else
// has made.
func PrivateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make private directory: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at private directory: %w", err)
	}
	if info.IsDir() && ownedByMe(info) && info.Mode().Perm() != 0o700 {
		if err := os.Chmod(dir, 0o700); err != nil {
			return fmt.Errorf("close private directory: %w", err)
		}
	}
	return IsPrivateDir(dir)
}

// IsPrivateDir fails unless dir is a real directory that belongs to this user
// and is open to nobody else. That is what stands between a control socket and
// the other people on the machine: who listens in such a directory is trusted.
func IsPrivateDir(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at private directory: %w", err)
	}
	if !info.IsDir() || !ownedByMe(info) {
		return fmt.Errorf("directory %s belongs to somebody else", dir)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		return fmt.Errorf("directory %s is open to others", dir)
	}
	return nil
}
