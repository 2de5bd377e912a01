package file

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Archive is a ZIP archive from outside: what is inflated of it is bounded,
// whatever its headers claim.
type Archive struct {
	files map[string]*zip.File
	left  int64 // bytes that may still be inflated
}

// OpenArchive reads the list of an archive's entries.
func OpenArchive(raw []byte) (*Archive, error) {
	if len(raw) > MaxFile {
		return nil, ErrTooLarge
	}
	r, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fmt.Errorf("%w: %w", ErrNotThis, err)
	}
	if len(r.File) > MaxEntries {
		return nil, ErrTooLarge
	}
	a := &Archive{files: make(map[string]*zip.File, len(r.File)), left: MaxInflated}
	for _, f := range r.File {
		name := cleaned(f.Name)
		if _, twice := a.files[name]; !twice {
			a.files[name] = f
		}
	}
	return a, nil
}

// cleaned is a name within an archive, as readers look for it: nothing is ever
// written to where it points.
func cleaned(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, `\`, "/")), "/"))
}

// Has reports whether there is an entry of that name.
func (a *Archive) Has(name string) bool { return a.files[cleaned(name)] != nil }

// Names lists the entries, in lower case.
func (a *Archive) Names() []string {
	names := make([]string, 0, len(a.files))
	for name := range a.files {
		names = append(names, name)
	}
	return names
}

// ErrNoEntry: an archive has no entry of a name.
var ErrNoEntry = errors.New("there is no such entry")

// ReadAll inflates an entry of at most so many bytes. What came before
// something broken in it comes with the error, which is ErrTooLarge where the
// entry, or all that was inflated, is more than is taken.
func (a *Archive) ReadAll(name string, limit int64) ([]byte, error) {
	f := a.files[cleaned(name)]
	if f == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoEntry, name)
	}
	limit = min(limit, a.left)
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotThis, err)
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	a.left -= min(int64(len(raw)), a.left)
	if int64(len(raw)) > limit {
		return nil, ErrTooLarge
	}
	return raw, err
}
