package app_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/app"
	"parley/space"
)

// shows is a Delivery that can show files.
type shows struct{ app.Delivery }

func (shows) FilesAt() string { return "/files/" }

func TestAPageIsShownAFileThatAnotherDeviceHas(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id, ref := ada.space("A bench by the pond.")
	ben.must(ben.entersBy(ada, id, space.Editor, app.LetIn))
	picture := append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte("pixels"), 400_000)...)
	// What Ada calls them is worth nothing.
	file, _, err := ada.AddFile(ada.ctx, id, "text/html", bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	script, _, err := ada.AddFile(ada.ctx, id, "image/png", strings.NewReader("<script>alert(1)</script>"))
	if err != nil {
		t.Fatal(err)
	}
	page := ben.page(ref)
	defer page.close()
	if at, err := page.FilesAt(); at != "" || err != nil {
		t.Errorf("a window that cannot show files shows them at %q, %v", at, err)
	}
	app.DeliverBy(page.Window, shows{})
	if at, err := page.FilesAt(); at != "/files/" || err != nil {
		t.Errorf("files are at %q, %v", at, err)
	}
	asks := func(target any, method, path string) *http.Response {
		rw := httptest.NewRecorder()
		app.ServeFile(target, rw, httptest.NewRequest(method, "/files/"+path, nil), path)
		return rw.Result()
	}
	says := func(r *http.Response) string {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		return body.String()
	}
	at := id.String() + "/"
	shown := asks(page.Window, http.MethodGet, at+file.Hash)
	if body := says(shown); shown.StatusCode != http.StatusOK || body != string(picture) || shown.Header.Get("Content-Type") != "image/png" {
		t.Errorf("got %d, %d bytes, %v", shown.StatusCode, len(body), shown.Header)
	}
	// A browser's cache lies on the disk, open to whoever finds it, and outlives
	// a lock and a removal.
	if got := shown.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("browsers keep it: %s", got)
	}
	kept := asks(page.Window, http.MethodGet, at+script.Hash)
	if kept.Header.Get("Content-Type") != "application/octet-stream" || kept.Header.Get("Content-Disposition") != "attachment" ||
		!strings.Contains(kept.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("what could run comes as %v", kept.Header)
	}
	if body := says(kept); body != "<script>alert(1)</script>" {
		t.Errorf("it comes as %q", body)
	}
	// What is here is here without a network, and what is not, is not.
	if err := ben.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	if again := asks(page.Window, http.MethodHead, at+file.Hash); again.StatusCode != http.StatusOK {
		t.Errorf("without a network it is answered with %d", again.StatusCode)
	}
	none := strings.Repeat("0", 64)
	missing := asks(page.Window, http.MethodGet, at+none)
	if body := says(missing); missing.StatusCode != http.StatusNotFound || !strings.Contains(body, "not here yet") {
		t.Errorf("one that nobody has is answered with %d, %s", missing.StatusCode, body)
	}
	if _, err := page.FetchFile(id.String(), none); codeOf(err) != app.CodeNotHere {
		t.Errorf("it is waited for with %v", err)
	}
	for path, want := range map[string]int{"nonsense": 404, at + "nonsense": 404, "nonsense/" + none: 404} {
		if got := asks(page.Window, http.MethodGet, path).StatusCode; got != want {
			t.Errorf("%s is answered with %d", path, got)
		}
	}
	if got := asks(page.Window, http.MethodPost, at+file.Hash).StatusCode; got != http.StatusMethodNotAllowed {
		t.Errorf("posting is answered with %d", got)
	}
	if got := asks(&app.Lock{}, http.MethodGet, at+file.Hash).StatusCode; got != http.StatusNotFound {
		t.Errorf("a locked device answers with %d", got)
	}
}

func TestAPictureIsWhatBeginsLikeOne(t *testing.T) {
	ada := newDevice(t, "Ada")
	id, ref := ada.space("A bench by the pond.")
	page := ada.page(ref)
	defer page.close()
	for begin, media := range map[string]string{
		"\x89PNG\r\n\x1a\nrest": "image/png", "\xff\xd8\xff\xe0rest of it": "image/jpeg", "GIF89a and the rest": "image/gif",
		"GIF87a": "image/gif", "RIFF1234WEBPVP8 ": "image/webp", "\x00\x00\x00\x20ftypavifmif1": "image/avif",
		"RIFF1234WAVEfmt ": "", "\x00\x00\x00\x20ftypmp42mif1": "", "GIF": "", "": "",
		"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>": "", "<!doctype html>": "", "%PDF-1.7": "",
	} {
		file, _, err := ada.AddFile(ada.ctx, id, "image/png", strings.NewReader(begin))
		if err != nil {
			t.Fatal(err)
		}
		rw := httptest.NewRecorder()
		path := id.String() + "/" + file.Hash
		app.ServeFile(page.Window, rw, httptest.NewRequest(http.MethodGet, "/files/"+path, nil), path)
		want, kept := media, ""
		if want == "" {
			want, kept = "application/octet-stream", "attachment"
		}
		header := rw.Result().Header
		if header.Get("Content-Type") != want || header.Get("Content-Disposition") != kept || rw.Body.String() != begin {
			t.Errorf("%q is given as %v", begin, header)
		}
	}
}
