//go:build !linux

package materialize

import "syscall"

func attributes() *syscall.SysProcAttr { return nil }

// limitMemory does nothing where the system has no limit that can be relied
// on; the Go part still keeps to its own.
func limitMemory(int64) error { return nil }
