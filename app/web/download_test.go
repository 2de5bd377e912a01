package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// fetches gets what lies at a path of the server.
func (s *stage) fetches(path, host string) (status int, header http.Header, body string, err error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.server.Origin()+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if host != "" {
		request.Host = host
	}
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	return response.StatusCode, response.Header, string(raw), err
}

func TestAFileIsFetchedOnce(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	written := 0
	made, err := s.server.downloads.Deliver(t.Context(), "Plan für den Park.zip", func(_ context.Context, to io.Writer) error {
		written++
		_, err := io.WriteString(to, "all of it")
		return err
	})
	if err != nil || made.File != "" || written != 0 {
		t.Fatalf("made %+v (%v), written %d times before anybody asked", made, err, written)
	}
	if status, _, _, _ := s.fetches(made.URL, "evil.example"); status != http.StatusMisdirectedRequest || written != 0 {
		t.Errorf("under another name it answers %d, and was written %d times", status, written)
	}
	status, header, body, err := s.fetches(made.URL, "")
	if status != http.StatusOK || body != "all of it" || err != nil {
		t.Errorf("fetched %d %q (%v)", status, body, err)
	}
	if got := header.Get("Content-Disposition"); got != "attachment; filename*=utf-8''Plan%20f%C3%BCr%20den%20Park.zip" {
		t.Errorf("it is called %s", got)
	}
	if status, _, _, _ := s.fetches(made.URL, ""); status != http.StatusNotFound || written != 1 {
		t.Errorf("the second time it answers %d, and was written %d times", status, written)
	}
	if status, _, _, _ := s.fetches(downloadPath+"guess", ""); status != http.StatusNotFound {
		t.Errorf("a guess is answered with %d", status)
	}
}

func TestAFileThatFailsIsNotTakenForWhole(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	made, err := s.server.downloads.Deliver(t.Context(), "all.zip", func(_ context.Context, to io.Writer) error {
		_, err := io.WriteString(to, "the beginning")
		return errors.Join(err, errors.New("the disk is gone"))
	})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.Origin()+made.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err == nil {
		_, err = io.ReadAll(response.Body)
		response.Body.Close()
	}
	if err == nil {
		t.Error("the browser takes the beginning for the whole")
	}
}

func TestAFileThatNobodyFetchesIsLetGo(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	d := &s.server.downloads
	ended := make(chan error, 1)
	made, err := d.Deliver(t.Context(), "all.zip", func(ctx context.Context, _ io.Writer) error {
		ended <- ctx.Err()
		return ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.TrimPrefix(made.URL, downloadPath)
	d.mu.Lock()
	d.waiting[secret].expiry.Reset(0) // a minute has passed
	d.mu.Unlock()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("whoever makes it is never told")
	}
	if status, _, _, _ := s.fetches(made.URL, ""); status != http.StatusNotFound {
		t.Errorf("too late it is answered with %d", status)
	}
}

func TestClosingEndsADownload(t *testing.T) {
	s := newStage(t, "127.0.0.1:0")
	begun := make(chan struct{})
	ended := make(chan error, 1)
	made, err := s.server.downloads.Deliver(t.Context(), "all.zip", func(ctx context.Context, to io.Writer) error {
		close(begun)
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.server.downloads.Deliver(t.Context(), "never.zip", func(context.Context, io.Writer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	fetching := make(chan struct{})
	go func() {
		defer close(fetching)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.Origin()+made.URL, nil)
		if err != nil {
			t.Error(err)
			return
		}
		if response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request); err == nil {
			response.Body.Close()
		}
	}()
	<-begun
	if err := s.server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	<-fetching
	if len(s.server.downloads.waiting) != 0 {
		t.Error("what nobody fetched is still held ready")
	}
}
