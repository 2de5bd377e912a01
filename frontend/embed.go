// Package frontend carries the built window: what Vite wrote to dist,
// embedded so that neither program needs a file beside it and no request
// leaves the machine. It knows nothing of what the files contain.
package frontend

import (
	"embed"
	"io/fs"
)

// all: because the folder holds a dotfile that keeps it in an unbuilt checkout.
//
//go:embed all:dist
var dist embed.FS

// Dist is the built frontend with index.html at its root. In a checkout whose
// frontend was never built it has no index.html.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // unreachable: "dist" is a valid path, which is all Sub checks
	}
	return sub
}
