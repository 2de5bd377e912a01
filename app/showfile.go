package app

import (
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"

	"parley/crdt"
)

// FileShower is an optional ability of a Delivery: to show files of spaces to
// the page, such as pictures of a document.
type FileShower interface {
	// FilesAt is where: a path that ends with a slash, below which SPACE/HASH is
	// answered by ServeFile.
	FilesAt() string
}

// shownAsIs are the types of files that a page may show in place. Anything else
// is bytes to be kept, whatever somebody has called it.
var shownAsIs = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"}

// FilesAt is the path below which this page finds the files of spaces, as
// SPACE/HASH; empty where it can show none. A file that is not here yet is
// waited for, and then answered with 404 and a sentence.
func (w *Window) FilesAt() (string, error) {
	if shower, ok := w.delivery.(FileShower); ok {
		return shower.FilesAt(), nil
	}
	return "", nil
}

// FetchFile answers when a file of a space is here. See App.FetchFile.
func (w *Window) FetchFile(spaceID, file string) (File, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return File{}, err
	}
	blob, err := crdt.ParseBlobID(file)
	if err != nil {
		return File{}, wrapError(CodeNotFound, "There is no such file in this space.", err)
	}
	if err := w.app.FetchFile(w.ctx, id, blob); err != nil {
		return File{}, err
	}
	r, err := w.app.store.OpenBlob(id, blob)
	if err != nil {
		return File{}, explainFile(err)
	}
	return fileOf(r.Blob()), nil
}

// ServeFile answers a page's request for a file of a space, whose path below
// FilesAt is SPACE/HASH. It waits as FetchFile does. What answers the window's
// calls now is given as Pane.Target gives it.
func ServeFile(target any, rw http.ResponseWriter, r *http.Request, path string) {
	header := rw.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	window, ok := target.(*Window)
	spaceID, file, two := strings.Cut(path, "/")
	if !ok || !two {
		http.Error(rw, "There is no such file.", http.StatusNotFound)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(rw, "Only GET and HEAD are answered here.", http.StatusMethodNotAllowed)
		return
	}
	found, err := window.FetchFile(spaceID, file)
	if err != nil {
		explained := Explain(err)
		status := http.StatusNotFound
		if explained.Code == CodeInternal || errors.Is(err, crdt.ErrDamaged) {
			status = http.StatusInternalServerError
		}
		http.Error(rw, explained.Message, status)
		return
	}
	id, _ := parseSpace(spaceID)
	blob, _ := crdt.ParseBlobID(file)
	reader, err := window.app.store.OpenBlob(id, blob)
	if err != nil {
		http.Error(rw, Explain(explainFile(err)).Message, http.StatusNotFound)
		return
	}
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if slices.Contains(shownAsIs, found.Media) {
		header.Set("Content-Type", found.Media)
	} else {
		header.Set("Content-Type", crdt.DefaultMedia)
		header.Set("Content-Disposition", mime.FormatMediaType("attachment", nil))
	}
	http.ServeContent(rw, r, "", found.Added, reader)
}
