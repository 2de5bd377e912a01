package app

import (
	"errors"
	"io"
	"mime"
	"net/http"
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

// pictures are the kinds of files that a page may show in place, by what they
// begin with. What somebody has called a file is not part of its name, and
// whoever passes it on may call it something else: so nobody is believed.
var pictures = []struct{ media, begins string }{
	{"image/png", "\x89PNG\r\n\x1a\n"},
	{"image/jpeg", "\xff\xd8\xff"},
	{"image/gif", "GIF87a"},
	{"image/gif", "GIF89a"},
	{"image/webp", "RIFF....WEBP"},
	{"image/avif", "....ftypavif"},
	{"image/avif", "....ftypavis"},
}

// pictureBegins is how many bytes tell which picture a file is.
const pictureBegins = 12

// pictureOf is the media type of a picture that a page may show, empty if a file
// that begins like this is none. It is bytes to be kept then.
func pictureOf(begin []byte) string {
	for _, p := range pictures {
		if len(begin) < len(p.begins) {
			continue
		}
		same := true
		for i := range len(p.begins) {
			same = same && (p.begins[i] == '.' || p.begins[i] == begin[i])
		}
		if same {
			return p.media
		}
	}
	return ""
}

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
	begin := make([]byte, pictureBegins)
	n, err := io.ReadFull(reader, begin)
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		_, err = reader.Seek(0, io.SeekStart)
	}
	if err != nil {
		http.Error(rw, Explain(explainFile(err)).Message, http.StatusInternalServerError)
		return
	}
	if media := pictureOf(begin[:n]); media != "" {
		header.Set("Content-Type", media)
	} else {
		header.Set("Content-Type", crdt.DefaultMedia)
		header.Set("Content-Disposition", mime.FormatMediaType("attachment", nil))
	}
	http.ServeContent(rw, r, "", found.Added, reader)
}
