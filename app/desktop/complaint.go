package desktop

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"

	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
)

var complaint = template.Must(template.New("complaint").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Parley</title>
<style>
	:root { color-scheme: light dark; font: 18px/1.6 system-ui, sans-serif; }
	body { margin: 2rem; color: #1C2126; background: #F6F3EC; overflow-wrap: anywhere; }
	h1 { font-size: 22px; }
	@media (prefers-color-scheme: dark) { body { color: #ECE8DF; background: #14171A; } }
</style>
<main>
	<h1>Parley could not start</h1>
	<p role="alert">{{.}}</p>
</main>
</html>
`))

// Complain shows a sentence in a window of its own, for someone who started
// Parley from a menu and sees no terminal. It returns when the window is
// closed.
func Complain(sentence string) error {
	var page bytes.Buffer
	if err := complaint.Execute(&page, sentence); err != nil {
		return fmt.Errorf("write complaint: %w", err)
	}
	o := common(assetserver.Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page.Bytes()) // to a page in this process
	})})
	o.Width, o.Height = 560, 320
	return show(o)
}
