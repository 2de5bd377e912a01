package app

import "runtime/debug"

// release is the version that this source is on its way to, or is.
const release = "0.1.0"

// Version names the build: the release, and the commit where it is known.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	version := release
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision" && len(setting.Value) >= 8:
			version += "+" + setting.Value[:8]
		case setting.Key == "vcs.modified" && setting.Value == "true":
			version += "-modified"
		}
	}
	return version
}
