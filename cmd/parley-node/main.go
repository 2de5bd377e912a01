// Command parley-node is Parley without a window: a peer for scripts and for
// machines without a screen. It can serve the window to a browser.
package main

import (
	"os"

	"parley/app"
	"parley/app/command"
	"parley/frontend"
)

func main() {
	if app.RunChild(os.Args) {
		return
	}
	app.KeepSmall()
	os.Exit(command.Main(os.Args[1:], frontend.Dist(), os.Stdout, os.Stderr))
}
