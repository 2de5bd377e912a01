// Package file is what the formats share in which text documents come in from
// other programs and go out to them: the document between two formats, what a
// reader had to leave behind, and the bounds of what is read.
//
// A format is a folder of its own below this one. It knows its own files and
// the blocks of docs/formats.md; it does not know spaces, storage or the window,
// fetches nothing, and runs nothing that it reads. Files come from anywhere: so
// readers run in the disposable child, and bound what they inflate, hold and
// nest all the same.
package file

import (
	"errors"
	"io"

	"parley/crdt/chunk/richtext"
)

// Document is a text document between two formats.
type Document struct {
	Title    string // empty: the file does not say
	Language string // BCP 47; empty: unknown
	Blocks   []richtext.Block

	// Files are the pictures, by what the attribute "src" of their blocks says.
	// One that is not here could not be fetched.
	Files map[string][]byte
}

// Reader reads a format. What the file holds and a document cannot is told; a
// file that breaks off, or has something broken in it, is read as far as it
// goes, and that is told too. It fails only with the errors below.
type Reader interface {
	Read(raw []byte) (Document, []Left, error)
}

// Writer writes a format, and tells what of the document the format cannot
// hold. What it does not tell of, a Reader of the format gives back as it was.
type Writer interface {
	Write(to io.Writer, d Document) ([]Left, error)
}

// Why a file is not read at all.
var (
	// ErrNotThis: it is no file of the format, or none that can be read: it is
	// encrypted, or broken at the very beginning.
	ErrNotThis = errors.New("this is no file of this kind")

	// ErrTooLarge: it is beyond the bounds, or unfolds to what is.
	ErrTooLarge = errors.New("the file is too large, or unfolds to too much")
)

// ErrScript is returned by a Writer that cannot write the script that most of a
// document is in.
var ErrScript = errors.New("this script cannot be written in this format")

// The bounds of what readers take.
const (
	MaxFile     = 64 << 20  // bytes of a file
	MaxText     = 512 << 10 // bytes of text: so much becomes one change that is within every peer's limits
	MaxBlocks   = 20_000
	MaxSpans    = 60_000    // stretches of text with marks of their own
	MaxXML      = 48 << 20  // bytes of a piece of XML, inflated
	MaxInflated = 192 << 20 // bytes of all that is inflated of an archive
	MaxEntries  = 10_000    // of an archive
	MaxNesting  = 256       // elements within elements
	MaxDepth    = 9         // blocks within blocks
	MaxPicture  = 24 << 20  // bytes of a picture
	MaxPixels   = 100 << 20 // of a picture, unfolded
	MaxPictures = 500
)

// Code names what was left behind, or became something else.
type Code string

// What can be left behind. Whoever adds one adds its words: in app, and in the
// window's catalogues.
const (
	Broken       Code = "broken"     // the file is damaged; what follows could not be read
	Macros       Code = "macros"     // programs and scripts, never run
	Objects      Code = "objects"    // things of other programs: charts, sounds, films, formulas, form fields
	Pictures     Code = "pictures"   // pictures that are damaged, too large or of an unknown kind
	Outside      Code = "outside"    // pictures that lie elsewhere; nothing was fetched
	Missing      Code = "missing"    // pictures that are not on this computer
	Links        Code = "links"      // addresses that are not of web pages or mail; their text stays
	Tables       Code = "tables"     // tables that became a paragraph for each row
	Merged       Code = "merged"     // joined cells, taken apart
	InnerTables  Code = "inner"      // tables within cells, now lines of text there
	InCells      Code = "cells"      // headings, lists and pictures within cells, now text
	Captions     Code = "captions"   // pictures that became their description
	Notes        Code = "notes"      // footnotes that became text in brackets
	Comments     Code = "comments"   // remarks in the margin
	Revisions    Code = "revisions"  // tracked changes: taken as accepted
	Running      Code = "running"    // headers and footers of pages
	Boxes        Code = "boxes"      // text in boxes, now paragraphs
	Hidden       Code = "hidden"     // hidden text
	Nesting      Code = "nesting"    // blocks that lie within others, and no longer do
	Formatting   Code = "formatting" // bold, links and the like that the format does not have
	Kinds        Code = "kinds"      // headings, lists and the like that became plain paragraphs
	CodeLanguage Code = "language"   // which language a piece of code is in
	Characters   Code = "characters" // characters that the format, or the font, does not have
	Titles       Code = "titles"     // the tooltips of links
	Numbering    Code = "numbering"  // numbers that headings had by themselves
)

// Left says that something was left behind, and how often.
type Left struct {
	Code  Code `json:"code"`
	Count int  `json:"count"`
}

// Tally counts what is left behind, in the order in which it comes up.
type Tally struct{ left []Left }

// Add counts one more.
func (t *Tally) Add(c Code) { t.AddMany(c, 1) }

// AddMany counts some more.
func (t *Tally) AddMany(c Code, n int) {
	if n == 0 {
		return
	}
	for i := range t.left {
		if t.left[i].Code == c {
			t.left[i].Count += n
			return
		}
	}
	t.left = append(t.left, Left{c, n})
}

// AddOnce notes what is not worth counting.
func (t *Tally) AddOnce(c Code) {
	for _, l := range t.left {
		if l.Code == c {
			return
		}
	}
	t.left = append(t.left, Left{c, 1})
}

// Left is what was counted, nil if nothing.
func (t *Tally) Left() []Left { return t.left }
