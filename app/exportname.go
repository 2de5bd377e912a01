package app

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"parley/space"
)

const (
	maxFileName  = 60  // code points of a title in a file's name
	maxFileBytes = 160 // and bytes: with an ID and an ending it stays below 255, which is what file systems take
	shortID      = 8   // digits of an ID in a file's name
)

// fileName makes a name that every file system takes of a title and the
// beginning of an ID.
func fileName(title, id string) string {
	return strings.TrimSpace(plainName(title) + " " + id[:shortID])
}

// documentName is what the files of a document are called in an export, without
// their endings. Who creates a document chooses both its title and its ID, so
// a name may be taken; then it gets more of the ID.
func (e *exporter) documentName(d Document) string {
	for digits := shortID; ; digits++ {
		name := strings.TrimSpace(plainName(d.Title) + " " + d.ID[:digits])
		// Some file systems tell neither capitals apart nor how accents are written.
		folded := cases.Fold().String(norm.NFKC.String(name))
		if !e.names[folded] || digits == len(d.ID) {
			e.names[folded] = true
			return name
		}
	}
}

// plainName is what of a title can stand in a file's name.
func plainName(title string) string {
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || space.Unprintable(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, title)
	if first, _, dotted := strings.Cut(plain, "."); dotted && isDevice(strings.TrimSpace(first)) {
		plain = strings.ReplaceAll(plain, ".", " ")
	}
	words := []rune(strings.Join(strings.Fields(plain), " "))
	name := string(words[:min(len(words), maxFileName)])
	for len(name) > maxFileBytes {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	return strings.Trim(name, ". ")
}

// isDevice reports whether Windows takes a file of this name for a device,
// whatever follows after a dot.
func isDevice(name string) bool {
	name = strings.ToUpper(name)
	switch name {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, ok := strings.CutPrefix(name, "COM")
	if !ok {
		port, ok = strings.CutPrefix(name, "LPT")
	}
	return ok && utf8.RuneCountInString(port) == 1 && strings.Contains("0123456789¹²³", port)
}

// ending is what a file that begins like this is called at its end, or empty:
// what somebody has called it is not believed, and what could run by a double
// click gets no ending.
func ending(begin []byte) string {
	if strings.HasPrefix(string(begin[:min(len(begin), 5)]), "%PDF-") {
		return ".pdf"
	}
	return map[string]string{
		"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "image/avif": ".avif",
	}[pictureOf(begin)]
}

// maxReadme is how many of the things that an export lacks its README names.
const maxReadme = 100

func exportReadme(name string, lacks []Missing) string {
	var text strings.Builder
	fmt.Fprintf(&text, `This is everything of the space "%s" in Parley, as somebody who belongs or belonged
to it had it on their computer.

documents/   every document: as Markdown (.md), which any text editor shows, and as
             an Automerge file (.automerge), which holds its whole history. Comments
             and answers, where there are any, are in .annotations.automerge.
files/       pictures and attachments, named by the SHA-256 of what they hold. What
             is no PNG, JPEG, GIF, WebP or AVIF picture and no PDF has no ending:
             open it only if you know who it is from.
space.json   the list of documents and files, and what could not be exported.
members.json who belongs and belonged to the space, and the signed list of entries
             from which every member's device works that out.
`, name)
	if len(lacks) == 0 {
		return text.String()
	}
	text.WriteString("\nWhat is missing:\n\n")
	for _, lack := range lacks[:min(len(lacks), maxReadme)] {
		fmt.Fprintf(&text, "- %s: %s\n", lack.What, lack.Sentence)
	}
	if more := len(lacks) - maxReadme; more > 0 {
		fmt.Fprintf(&text, "\nThere are %d more. space.json lists all of them.\n", more)
	}
	return text.String()
}
