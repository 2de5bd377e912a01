package badger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"parley/crdt"
)

// Badger maps the files it writes, and a page of a mapped file for which there
// is no room on the disk ends the process. So before anything is written, there
// has to be room for all that may come of it.
const (
	memTable  = 4 << 20 // the smallest whose transactions hold crdt.MaxWriteBytes
	memTables = 1       // that wait to become tables, beside the one that does and the one that is filled

	// tableRoom is more than the table takes that a full memtable becomes: one
	// write may overdraw it, and a quarter is more than blocks and index add to
	// what cannot be compressed.
	tableRoom = memTable + memTable/4 + crdt.MaxWriteBytes

	// pageRoom is for the first pages of new files, and for small ones.
	pageRoom = 1 << 20

	// tableTime is more than a slow machine needs to make a table of a log.
	tableTime = 5 * time.Second

	// reserve is what no write may touch.
	reserve = (memTables+2)*tableRoom + pageRoom
)

// roomFor fails with crdt.ErrFull if there is not that much room.
func roomFor(dir string, bytes int64) error {
	left, err := free(dir)
	if err != nil {
		return err
	}
	if left < bytes {
		return fmt.Errorf("%w: %d MB are free, and %d MB are needed", crdt.ErrFull, left>>20, bytes>>20+1)
	}
	return nil
}

// roomToOpen fails with crdt.ErrFull if there is no room for the tables that
// are made of what is in logs of writes, and for the new logs.
func roomToOpen(dir string) error {
	logs, err := filepath.Glob(filepath.Join(dir, "*"+writeSuffix))
	if err != nil {
		return err
	}
	return roomFor(dir, int64(len(logs))*tableRoom+pageRoom)
}

// roomToClose is roomToOpen for a store that is open. A table that is just being
// made has its room already, and its log goes once it is done: what is missing
// may be there a moment later.
func roomToClose(dir string) error {
	for deadline := time.Now().Add(tableTime); ; time.Sleep(10 * time.Millisecond) {
		if err := roomToOpen(dir); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// roomToWrite is what ops take in the logs, and then as a table.
func roomToWrite(ops []crdt.Op) (bytes int64) {
	for _, op := range ops {
		size := int64(len(op.Key) + len(op.Value) + entryHead + timestamp + entryTail)
		bytes += size
		if len(op.Value) >= crdt.LargeValue {
			bytes += int64(len(op.Key)) + 64 // the pointer to it
		}
	}
	return bytes
}

// full makes an error of a full disk crdt.ErrFull.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) && !errors.Is(err, crdt.ErrFull) {
		return fmt.Errorf("%w (%w)", crdt.ErrFull, err)
	}
	return err
}

// sizeOf is how much the files with a suffix hold.
func sizeOf(dir, suffix string) (total, largest int64, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		return 0, 0, err
	}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			total += info.Size()
			largest = max(largest, info.Size())
		}
	}
	return total, largest, nil
}
