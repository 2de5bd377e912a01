package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"parley/space"
)

// LinkScheme is how a link begins that opens Parley: after the colon comes an
// invitation code, or the code that links a second device.
const LinkScheme = "parley:"

// maxHanded is more than any code has.
const maxHanded = 16 << 10

// FileScheme is how what was handed over begins that is no code but a file by
// which a space is carried: after it comes the file's name.
const FileScheme = "parley-bundle:"

// handed is what was opened outside of Parley and waits for a window to ask
// about it. Nothing is done with it before a person has said so there.
type handed struct {
	mu    sync.Mutex
	code  string
	files []string // that a window was given the names of, the newest last
}

// maxHandedFiles is how many files may wait for a person to say yes.
const maxHandedFiles = 16

// ReadHanded makes a code of what the system hands over when somebody opens a
// parley: link or an invitation file: the link, or the file's name. Of a file by
// which a space is carried it gives the name, after FileScheme, and does not look
// into it. It fails with CodeMalformed, CodeNotFound or CodeUnreadable.
func ReadHanded(argument string) (string, error) {
	text := strings.TrimSpace(argument)
	if len(text) >= len(LinkScheme) && strings.EqualFold(text[:len(LinkScheme)], LinkScheme) {
		return codeOf(text)
	}
	if code, err := codeOf(text); err == nil {
		return code, nil
	}
	path := text
	if parsed, err := url.Parse(text); err == nil && parsed.Scheme == "file" {
		path = parsed.Path
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", wrapError(CodeNotFound, fmt.Sprintf("There is no invitation file %q, and it is no code either.", shown(path, maxTitle)), err)
	}
	if err != nil {
		return "", wrapError(CodeUnreadable, fmt.Sprintf("The file %q cannot be read.", shown(path, maxTitle)), err)
	}
	defer file.Close()
	if strings.HasSuffix(strings.ToLower(path), bundleEnding) {
		whole, err := filepath.Abs(path)
		if err != nil {
			return "", wrapError(CodeUnreadable, fmt.Sprintf("The file %q cannot be read.", shown(path, maxTitle)), err)
		}
		return FileScheme + whole, nil
	}
	raw, err := io.ReadAll(io.LimitReader(file, maxHanded+1))
	if err != nil {
		return "", wrapError(CodeUnreadable, fmt.Sprintf("The file %q cannot be read.", shown(path, maxTitle)), err)
	}
	return codeOf(string(raw))
}

// codeOf takes the code out of a link, or out of the text of a file.
func codeOf(text string) (string, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxHanded {
		return "", errHanded
	}
	if len(text) >= len(LinkScheme) && strings.EqualFold(text[:len(LinkScheme)], LinkScheme) {
		text = strings.Trim(text[len(LinkScheme):], "/")
		if plain, err := url.PathUnescape(text); err == nil {
			text = plain
		}
	}
	if code, err := space.ParseCode(text); err == nil {
		return code.String(), nil
	}
	if code, err := parseLinkCode(text); err == nil {
		return code.String(), nil
	}
	return "", errHanded
}

var errHanded = newError(CodeMalformed, "This is not a whole invitation. Ask the person who sent it to send it again.")

// Hand gives a code to whichever window asks first. One that nobody has asked
// for gives way to it. Without a code, it only has the desktop window come to
// the front.
func (a *App) Hand(code string) {
	if code != "" {
		a.handed.mu.Lock()
		a.handed.code = code
		a.handed.mu.Unlock()
	}
	a.news.ring(topic{event: EventHanded})
}

// Windows is how many windows are open on this device.
func (a *App) Windows() int { return int(a.windows.Load()) }

// takeHanded gives the code that was handed over last, once, or nothing.
func (a *App) takeHanded() string {
	a.handed.mu.Lock()
	defer a.handed.mu.Unlock()
	code := a.handed.code
	a.handed.code = ""
	if name, ok := strings.CutPrefix(code, FileScheme); ok {
		a.handed.files = append(a.handed.files, name)
		a.handed.files = a.handed.files[max(0, len(a.handed.files)-maxHandedFiles):]
	}
	return code
}

// wasHanded reports whether a window was given the name of a file: others are
// none of its business.
func (a *App) wasHanded(name string) bool {
	a.handed.mu.Lock()
	defer a.handed.mu.Unlock()
	return slices.Contains(a.handed.files, name)
}
