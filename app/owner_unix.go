//go:build unix

package app

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedByMe says whether this user owns the file.
func ownedByMe(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}
