package app

import (
	"fmt"
	"os"
	"syscall"
)

// fileIdentity says when this file was made and written.
func fileIdentity(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	data, ok := info.Sys().(*syscall.Win32FileAttributeData)
	if !ok {
		return "", fmt.Errorf("no attributes of %s", path)
	}
	return fmt.Sprintf("%d %d", data.CreationTime.Nanoseconds(), data.LastWriteTime.Nanoseconds()), nil
}
