package materialize

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"parley/crdt/chunk"
	"parley/crdt/chunk/richtext"
	"parley/crdt/materialize/markdown"
)

// The kinds of documents and the version of their shape.
const (
	kindText  = "text"
	kindIndex = "index"
	format    = 1
)

// create writes a document's first change.
func create(b Birth) ([][]byte, error) {
	if b.Kind != kindText {
		return bear(b, nil)
	}
	blocks, err := markdown.Read(b.Markdown)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMarkdown, err)
	}
	return bear(b, blocks)
}

// bear writes the first change of a document, with what it says if it is a text.
func bear(b Birth, blocks []richtext.Block) ([][]byte, error) {
	w := richtext.Empty().Write(b.Actor)
	w.Put(richtext.Root, "kind", chunk.String(b.Kind))
	w.Put(richtext.Root, "format", chunk.Int(format))
	switch b.Kind {
	case kindIndex:
		w.Make(richtext.Root, "documents", chunk.MakeMap)
	case kindText:
		text := w.Make(richtext.Root, "text", chunk.MakeText)
		w.Blocks(text, chunk.ID{}, blocks)
	default:
		return nil, fmt.Errorf("%w: no documents of kind %q are known", ErrUnreadable, b.Kind)
	}
	raw, err := document{}.finish(w, b.Time)
	if err != nil {
		return nil, err
	}
	return [][]byte{raw}, nil
}

// finish encodes what was written and has the core take it in on top of the
// document, before anybody else gets to see it.
func (d document) finish(w *richtext.Writer, at time.Time) ([]byte, error) {
	c, err := w.Change(at.Unix())
	if err != nil {
		return nil, err
	}
	d.changes = append(slices.Clip(d.changes), c)
	core, err := d.complete()
	if err != nil {
		return nil, err
	}
	if !slices.Equal(core.heads(), []chunk.Hash{c.Hash}) {
		return nil, fmt.Errorf("%w: the Automerge core does not take a change to it", ErrUnreadable)
	}
	return c.Raw, nil
}

// text builds the document and finds its text.
func (d document) text() (*richtext.Document, chunk.ID, error) {
	built, err := d.build()
	if err != nil {
		return nil, chunk.ID{}, err
	}
	text, ok := built.Field(richtext.Root, "text")
	if !ok || !built.IsText(text) {
		return nil, chunk.ID{}, fmt.Errorf("%w: it is not a text document", ErrUnreadable)
	}
	return built, text, nil
}

func (d document) edit(actor chunk.Actor, e Edit) ([]byte, error) {
	if !utf8.ValidString(e.Insert) {
		return nil, fmt.Errorf("%w: it is not UTF-8", ErrMarkdown)
	}
	built, text, err := d.text()
	if err != nil {
		return nil, err
	}
	w := built.Write(actor)
	if err := w.Edit(text, e.At, e.Delete, e.Insert); err != nil {
		if errors.Is(err, richtext.ErrPosition) {
			return nil, fmt.Errorf("%w: the text has %d characters", ErrOutOfRange, built.Length(text))
		}
		return nil, err
	}
	return d.finish(w, e.Time)
}

func (d document) read(f Format) ([]byte, error) {
	if f == Automerge {
		return d.compact()
	}
	built, text, err := d.text()
	if err != nil {
		return nil, err
	}
	switch f {
	case Text:
		return []byte(built.View(text)), nil
	case Markdown:
		return []byte(markdown.Write(built.Blocks(text))), nil
	case JSON:
		out, err := json.Marshal(struct {
			Kind   string           `json:"kind"`
			Blocks []richtext.Block `json:"blocks"`
		}{kindText, built.Blocks(text)})
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: there is no format %q", ErrUnreadable, f)
}

// documents builds the index and finds its map of documents.
func (d document) documents() (*richtext.Document, chunk.ID, error) {
	built, err := d.build()
	if err != nil {
		return nil, chunk.ID{}, err
	}
	documents, ok := built.Field(richtext.Root, "documents")
	if !ok || !built.IsMap(documents) {
		return nil, chunk.ID{}, fmt.Errorf("%w: it is not an index", ErrUnreadable)
	}
	return built, documents, nil
}

func (d document) index() ([]IndexEntry, error) {
	built, documents, err := d.documents()
	if err != nil {
		return nil, err
	}
	entries := []IndexEntry{}
	for _, name := range built.Fields(documents) {
		id, _ := built.Field(documents, name)
		value, ok := built.Value(id).(map[string]any)
		if !ok {
			continue // a newer version's, or nonsense: nothing to list
		}
		e := IndexEntry{ID: name}
		e.Kind, _ = value["kind"].(string)
		e.Title, _ = value["title"].(string)
		e.Created = moment(value["created"])
		// Whatever it holds: what a later version puts there means the same.
		var since any
		if since, e.Archived = value["archived"]; e.Archived {
			e.ArchivedAt = moment(since)
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b IndexEntry) int { return cmp.Compare(a.ID, b.ID) })
	return entries, nil
}

// moment is a time of an entry, or the zero time where there is none, or one
// that is beyond all calendars: such a time could not even be handed on.
func moment(value any) time.Time {
	ms, ok := value.(int64)
	if t := time.UnixMilli(ms).UTC(); ok && t.Year() >= 1 && t.Year() <= 9999 {
		return t
	}
	return time.Time{}
}

// putEntry enters a document into the index. A title that is there already is
// mended where it differs, so that two who mend it at once both count; one that
// is another name is put in its place, so that of two names one stays, whole.
func (d document) putEntry(actor chunk.Actor, e IndexEntry, now time.Time) ([]byte, error) {
	built, documents, err := d.documents()
	if err != nil {
		return nil, err
	}
	w := built.Write(actor)
	id, there := built.Field(documents, e.ID)
	title, titled := chunk.ID{}, false
	if there {
		title, titled = built.Field(id, "title")
	}
	mended := false
	if titled && built.IsText(title) {
		if mended, err = w.Mend(title, e.Title); err != nil {
			return nil, err
		}
	}
	switch {
	case mended:
	case there && built.IsMap(id):
		w.InsertText(w.Make(id, "title", chunk.MakeText), chunk.ID{}, e.Title)
	default:
		id = w.Make(documents, e.ID, chunk.MakeMap)
		w.Put(id, "kind", chunk.String(e.Kind))
		w.InsertText(w.Make(id, "title", chunk.MakeText), chunk.ID{}, e.Title)
		w.Put(id, "created", chunk.Timestamp(e.Created.UnixMilli()))
		switch {
		case e.Archived && e.ArchivedAt.IsZero():
			w.Put(id, "archived", chunk.Bool(true))
		case e.Archived:
			w.Put(id, "archived", chunk.Timestamp(e.ArchivedAt.UnixMilli()))
		}
	}
	if w.Len() == 0 {
		return nil, nil
	}
	return d.finish(w, now)
}

// archiveEntry archives a document of the index, or brings it back. The field
// is taken out for that and not set to something else: so, of who archives a
// document and who brings it back at once, the one who archives is heeded on
// every device, and who renames it meanwhile is not disturbed.
func (d document) archiveEntry(actor chunk.Actor, e IndexEntry, now time.Time) ([]byte, error) {
	built, documents, err := d.documents()
	if err != nil {
		return nil, err
	}
	id, there := built.Field(documents, e.ID)
	if !there || !built.IsMap(id) {
		return nil, nil
	}
	if _, archived := built.Field(id, "archived"); archived == e.Archived {
		return nil, nil
	}
	w := built.Write(actor)
	if e.Archived {
		w.Put(id, "archived", chunk.Timestamp(now.UnixMilli()))
	} else {
		w.Remove(id, "archived")
	}
	return d.finish(w, now)
}
