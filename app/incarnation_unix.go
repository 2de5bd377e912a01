//go:build unix

package app

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// fileIdentity says which file this is, and when its inode changed last: no
// program can set that, so a file that was put back has another one.
func fileIdentity(path string) (string, error) {
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %d %d", stat.Ino, stat.Ctim.Sec, stat.Ctim.Nsec), nil
}
