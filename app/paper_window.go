package app

import (
	"context"
	"io"

	"parley/crdt"
	"parley/space"
)

// SavedDocument says where a document's file is, and what of the document it
// lacks.
type SavedDocument struct {
	File string    `json:"file"`
	URL  string    `json:"url"`
	Left []LeftOut `json:"left"`
}

// ImportDocument makes a document of the file of a carriage, which is called so.
// See App.ImportDocument.
func (w *Window) ImportDocument(carriage, spaceID, name string) (Imported, error) {
	c, err := w.carriages.find(carriage)
	if err != nil {
		return Imported{}, err
	}
	defer w.carriages.end(carriage)
	id, err := parseSpace(spaceID)
	if err != nil {
		return Imported{}, err
	}
	imported, err := w.app.ImportDocument(c.ctx, id, name, &counted{from: c, of: c.size, tell: w.carrying(carriage)})
	return imported, c.explain(err)
}

// SaveDocument saves a document where the person wants it, as a file whose
// name ends so. See App.ExportDocument.
func (w *Window) SaveDocument(spaceID, documentID, ending, language string) (SavedDocument, error) {
	id, err := parseSpace(spaceID)
	if err != nil {
		return SavedDocument{}, err
	}
	document, err := crdt.ParseDocumentID(documentID)
	if err != nil {
		return SavedDocument{}, wrapError(CodeNotFound, "There is no such document.", err)
	}
	if w.delivery == nil {
		return SavedDocument{}, newError(CodeInvalid, "This window cannot save files. Use `parley-node document export`.")
	}
	ref := crdt.Ref{Space: id, Document: document, Part: space.Body}
	content, left, err := w.app.ExportDocument(w.ctx, ref, ending, language)
	if err != nil {
		return SavedDocument{}, err
	}
	exported, err := w.delivery.Deliver(w.ctx, w.app.PaperName(w.ctx, ref, ending), func(_ context.Context, to io.Writer) error {
		_, err := to.Write(content)
		return err
	})
	return SavedDocument{File: exported.File, URL: exported.URL, Left: left}, err
}
