package app

import (
	"os"
	"runtime"
)

// HasDisplay says whether there is a screen to show a window on.
func HasDisplay() bool {
	return runtime.GOOS != "linux" || os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}
