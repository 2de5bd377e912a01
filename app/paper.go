package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/crdt/materialize/file"
	"parley/space"
)

// A text document comes in from a file of another program, and goes out to one
// (docs/files.md). The format is by what the file's name ends with.

// Imported is a document that was made of a file.
type Imported struct {
	Document string    `json:"document"`
	Title    string    `json:"title"`
	Left     []LeftOut `json:"left"` // what of the file it does not have, or has as something else
}

// LeftOut is something that a file has and a document cannot have, or the other
// way about. Windows have words of their own for the codes.
type LeftOut struct {
	Code     string `json:"code"`
	Count    int    `json:"count"`
	Sentence string `json:"sentence"`
}

// MaxImport is how many bytes a file may have from which a document is made.
const MaxImport = file.MaxFile

// paperFetch is how long an export waits for pictures that are not here.
const paperFetch = 20 * time.Second

// DocumentFormats lists what files may end with that ImportDocument takes, and
// that ExportDocument writes.
func DocumentFormats() (read, written []string) { return materialize.FileFormats() }

// ImportDocument makes a document of a file of another program. What it is
// called, beyond the end, is its title where it does not say one. It fails with
// CodeUnreadable, CodeTooLarge or CodeTimeout where the file cannot be taken; then
// there is no document.
func (a *App) ImportDocument(ctx context.Context, id space.ID, name string, from io.Reader) (Imported, error) {
	name = strings.ReplaceAll(name, `\`, "/")
	format, reads, _ := materialize.FileFormat(path.Ext(name))
	if !reads {
		read, _ := DocumentFormats()
		return Imported{}, newError(CodeInvalid, fmt.Sprintf(
			"Parley makes documents of files that end with %s. Save this one as one of these.", endings(read)))
	}
	raw, err := io.ReadAll(io.LimitReader(from, MaxImport+1))
	if err != nil {
		return Imported{}, err
	}
	if len(raw) > MaxImport {
		return Imported{}, explainTaking(file.ErrTooLarge)
	}
	var taken materialize.Taken
	made := Imported{Left: []LeftOut{}}
	document, err := a.bear(ctx, id, "text", func(birth materialize.Birth) ([][]byte, string, error) {
		changes, found, err := a.child.Take(ctx, birth, format, raw)
		if err != nil {
			return nil, "", explainTaking(err)
		}
		taken, made.Title = found, titleOf(found.Title, name)
		return changes, made.Title, a.keepPictures(ctx, id, found.Files)
	})
	if err != nil {
		return Imported{}, err
	}
	made.Document, made.Left = document.String(), leftOut(taken.Left)
	return made, nil
}

// keepPictures adds what a document is about to refer to, so that it is there.
func (a *App) keepPictures(ctx context.Context, id space.ID, pictures map[string][]byte) error {
	for reference, raw := range pictures {
		_, kept, err := a.AddFile(ctx, id, pictureOf(raw[:min(len(raw), pictureBegins)]), bytes.NewReader(raw))
		if err != nil {
			return err
		}
		if kept != reference {
			return fmt.Errorf("keep pictures: %s was found as %s", kept, reference)
		}
	}
	return nil
}

// titleOf is a title that somebody else wrote, made fit for one, or else the
// name of the file.
func titleOf(title, name string) string {
	for _, typed := range []string{title, strings.TrimSuffix(path.Base(name), path.Ext(name))} {
		clean := strings.TrimSpace(strings.Map(func(r rune) rune {
			if space.Unprintable(r) {
				return ' '
			}
			return r
		}, strings.ToValidUTF8(typed, "")))
		points := []rune(clean)
		if parsed, err := parseTitle(string(points[:min(len(points), maxTitle)])); err == nil {
			return parsed
		}
	}
	return "Document"
}

// ExportDocument writes a document as a file of another program, in the format
// that a file's name ends with. Pictures that are not here are fetched if that
// is quick. The language, if it is known, is that of the text (BCP 47).
func (a *App) ExportDocument(ctx context.Context, ref crdt.Ref, ending, language string) ([]byte, []LeftOut, error) {
	format, _, writes := materialize.FileFormat(ending)
	if !writes {
		_, written := DocumentFormats()
		return nil, nil, newError(CodeInvalid, fmt.Sprintf("Parley writes files that end with %s.", endings(written)))
	}
	if _, err := a.arrived(ref); err != nil {
		return nil, nil, err
	}
	page := materialize.Page{Language: language, Files: a.picturesOf(ctx, ref)}
	if listed, err := a.listedDocument(ctx, ref.Space, ref.Document); err == nil {
		page.Title = listed.Title
	}
	var out []byte
	var left []file.Left
	err := a.mending(ctx, ref, func() error {
		chunks, err := a.arrived(ref)
		if err == nil {
			out, left, err = a.child.WriteFile(ctx, chunks, format, page)
		}
		return err
	})
	switch {
	case errors.Is(err, file.ErrScript):
		err = wrapError(CodeInvalid, "PDF can only be written for text in Latin letters so far. Save this document as a Word file or a web page, and print that as PDF.", err)
	case errors.Is(err, chunk.ErrTooLarge):
		err = wrapError(CodeTooLarge, "This document with its pictures is larger than one file may be. Take some pictures out of a copy.", err)
	}
	return out, leftOut(left), err
}

// picturesOf reads the files that a document shows, as far as they are here or
// come soon. Whoever writes the document says which are missing.
func (a *App) picturesOf(ctx context.Context, ref crdt.Ref) map[string][]byte {
	blobs, err := a.store.ReferredBlobs(ctx, ref)
	if err != nil {
		a.log.Warn("it could not be found out what a document shows", "part", ref, "err", err)
	}
	pictures := make(map[string][]byte)
	within, cancel := context.WithTimeout(ctx, paperFetch)
	defer cancel()
	total := int64(0)
	for _, blob := range blobs {
		if err := a.FetchFile(within, ref.Space, blob); err != nil {
			continue
		}
		r, err := a.store.OpenBlob(ref.Space, blob)
		if err != nil || r.Blob().Size > file.MaxPicture || total+r.Blob().Size > file.MaxFile {
			continue
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			a.log.Warn("a picture could not be read", "blob", blob, "err", err)
			continue
		}
		total += int64(len(raw))
		pictures[blob.Reference()] = raw
	}
	return pictures
}

// PaperName is what a file with a document is called.
func (a *App) PaperName(ctx context.Context, ref crdt.Ref, ending string) string {
	title := ""
	if listed, err := a.listedDocument(ctx, ref.Space, ref.Document); err == nil {
		title = plainName(listed.Title)
	}
	if title == "" {
		title = ref.Document.String()[:shortID]
	}
	return title + "." + ending
}

// endings lists what names end with, for people.
func endings(list []string) string {
	dotted := make([]string, len(list))
	for i, ending := range list {
		dotted[i] = "." + ending
	}
	return strings.Join(dotted[:len(dotted)-1], ", ") + " or " + dotted[len(dotted)-1]
}

// explainTaking finds the words for a file that could not be taken in.
func explainTaking(err error) error {
	switch {
	case errors.Is(err, file.ErrTooLarge), errors.Is(err, chunk.ErrTooLarge):
		return wrapError(CodeTooLarge, fmt.Sprintf(
			"This file is larger than Parley takes at once (%d MB, with %d KB of text), or unfolds to far more than it seems. No document was made. Split it and bring in the pieces.",
			file.MaxFile>>20, file.MaxText>>10), err)
	case errors.Is(err, file.ErrNotThis):
		return wrapError(CodeUnreadable,
			"This file is not what its name says, is damaged from its beginning, or is locked with a password. No document was made. Open it where it comes from and save it again.", err)
	case errors.Is(err, materialize.ErrDeadline):
		return wrapError(CodeTimeout, "Reading this file took too long and was given up. No document was made. Split it and bring in the pieces.", err)
	case errors.Is(err, materialize.ErrCrashed):
		return wrapError(CodeUnreadable, "This file takes more memory than a file may, and reading it was given up. No document was made.", err)
	}
	return err
}

func leftOut(left []file.Left) []LeftOut {
	out := []LeftOut{}
	for _, l := range left {
		out = append(out, LeftOut{Code: string(l.Code), Count: l.Count, Sentence: leftSentence(l)})
	}
	return out
}

// leftSentences say what was left behind, for commands. %d is how often.
var leftSentences = map[file.Code]string{
	file.Broken:       "The file is damaged: what could be read of it is there, and something is missing.",
	file.Macros:       "Programs in the file were left out, and nothing of them was run (%d).",
	file.Objects:      "Things of other programs, such as charts, formulas, films or forms, are text now or were left out (%d).",
	file.Pictures:     "Pictures that are damaged, too large or of a kind that cannot be shown were left out (%d).",
	file.Outside:      "Pictures that are kept elsewhere and not in the file were not fetched (%d).",
	file.Missing:      "Pictures that are not on this computer are missing (%d).",
	file.Links:        "Links that lead neither to a web page nor to mail are text now (%d).",
	file.Tables:       "Tables became a line of text for each row (%d).",
	file.Merged:       "Joined cells of tables were taken apart (%d).",
	file.InnerTables:  "Tables inside of tables became lines of text (%d).",
	file.InCells:      "Headings, lists or pictures inside of tables became text, or stand behind the table (%d).",
	file.Captions:     "Pictures are shown by their description (%d).",
	file.Notes:        "Footnotes became text in brackets (%d).",
	file.Comments:     "Comments were left out (%d).",
	file.Revisions:    "Tracked changes were taken as accepted (%d).",
	file.Running:      "Headers and footers of the pages were left out.",
	file.Boxes:        "Text in boxes became paragraphs (%d).",
	file.Hidden:       "Hidden text was left out (%d).",
	file.Nesting:      "Blocks inside of others, such as a list in a quotation, stand beside them (%d).",
	file.Formatting:   "Formatting that this kind of file does not have was left out, and the text kept (%d).",
	file.Kinds:        "Headings, lists, quotations or the like became plain paragraphs (%d).",
	file.CodeLanguage: "The language that a piece of code is written in was left out (%d).",
	file.Characters:   "Characters that cannot be kept were left out or replaced (%d).",
	file.Titles:       "The hints that links show were left out (%d).",
	file.Numbering:    "The numbers in front of headings were left out.",
}

func leftSentence(l file.Left) string {
	sentence := leftSentences[l.Code]
	if strings.Contains(sentence, "%d") {
		return fmt.Sprintf(sentence, l.Count)
	}
	return sentence
}
