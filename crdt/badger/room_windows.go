package badger

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// free is how many bytes this process could still write to a directory's disk.
func free(dir string) (int64, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var available uint64
	if err := windows.GetDiskFreeSpaceEx(path, &available, nil, nil); err != nil {
		return 0, fmt.Errorf("ask how much room is left: %w", err)
	}
	return int64(min(available, 1<<62)), nil
}
