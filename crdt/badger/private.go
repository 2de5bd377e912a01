package badger

import (
	"os"
	"path/filepath"
	"runtime"
)

// private takes from other users of the computer what they may do with a
// directory and the files in it, which Badger makes as the process's mask would
// have it. Where it cannot be done, as on a disk that knows no modes, they stay
// as they are.
func private(dir string) {
	if runtime.GOOS == "windows" {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	closed := func(path string, mode os.FileMode) {
		if info, err := os.Lstat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
			_ = os.Chmod(path, mode)
		}
	}
	closed(dir, 0o700)
	for _, entry := range entries {
		if entry.Type().IsRegular() {
			closed(filepath.Join(dir, entry.Name()), 0o600)
		}
	}
}
