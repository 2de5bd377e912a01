package app

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/crdt"
	"parley/crdt/materialize"
	"parley/space"
)

const (
	maxTitle = 200 // code points
	maxKind  = 32  // code points
)

// parseTitle makes the title of a new document of what a person typed. It
// fails with CodeInvalid.
func parseTitle(typed string) (string, error) {
	title := strings.TrimSpace(typed)
	if err := space.ValidateLine(title, maxTitle); err != nil {
		return "", wrapError(CodeInvalid, fmt.Sprintf(
			"A title needs 1 to %d characters, on one line and without control characters.", maxTitle), err)
	}
	return title, nil
}

// shown makes a line to show of what somebody else wrote: a list of documents
// comes from other devices, which may write whatever they like into it. What
// could break the line, turn its direction around or give orders to a terminal
// becomes U+FFFD, and of a long text the beginning stays.
func shown(text string, most int) string {
	var line strings.Builder
	n := 0
	for _, r := range text { // what is not UTF-8 is U+FFFD in here
		if n++; n > most {
			break
		}
		if space.Unprintable(r) {
			r = utf8.RuneError
		}
		line.WriteRune(r)
	}
	return line.String()
}

// listed makes the entries of an index fit to be shown, and leaves out those
// that name no document.
func listed(entries []materialize.IndexEntry) []Document {
	documents := []Document{}
	for _, e := range entries {
		id, err := crdt.ParseDocumentID(e.ID)
		if err != nil || id.String() != e.ID {
			continue
		}
		documents = append(documents, Document{
			ID: e.ID, Title: shown(e.Title, maxTitle), Kind: shown(e.Kind, maxKind),
			Created: e.Created, Archived: e.Archived, ArchivedAt: e.ArchivedAt,
		})
	}
	return documents
}
