package materialize

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes end the child when the thread that started it ends.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// limitMemory bounds the memory this process can write to.
func limitMemory(bytes int64) error {
	limit := uint64(bytes)
	return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: limit, Max: limit})
}
