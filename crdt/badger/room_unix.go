//go:build !windows

package badger

import (
	"fmt"
	"syscall"
)

// free is how many bytes this process could still write to a directory's disk.
func free(dir string) (int64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0, fmt.Errorf("ask how much room is left: %w", err)
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil //nolint:unconvert // the types differ by platform
}
