package app

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"parley/crdt"
	"parley/space"
)

// An export is everything of a space that its members may read, as a ZIP
// archive that needs no Parley (docs/formats.md, Exports). Whoever has a copy of
// the space can make one: a reader, in an archived space, and somebody who was
// removed, of what was there before.

// Export says what went into an export.
type Export struct {
	Documents  int       `json:"documents"`
	Files      int       `json:"files"`
	Unreadable []Missing `json:"unreadable"` // what could not be written out, or only as it is stored
	Absent     []Absent  `json:"absent"`     // which of that is files that did not come, by why
}

// ExportProgress says how far an export is.
type ExportProgress struct {
	Done     int // documents and files
	Of       int // as far as is known: files to fetch are added once documents have been read
	Fetched  int // how many of the files that were not here have come, or cannot
	Fetching int // how many were not here
}

// Missing is something that an export lacks, in a sentence.
type Missing struct {
	What     string `json:"what"` // a title, or the name of a file
	Sentence string `json:"sentence"`
}

// exportFormat is the version of how an export is laid out.
const exportFormat = 1

// The shapes of the JSON files in an export.
type (
	exportedSpace struct {
		Format    int                `json:"format"`
		ID        string             `json:"id"`
		Name      string             `json:"name"`
		Exported  time.Time          `json:"exported"`
		By        string             `json:"by"`
		Version   string             `json:"version"`
		Documents []exportedDocument `json:"documents"`
		Files     []exportedFile     `json:"files"`
		Lacks     []Missing          `json:"lacks"`
	}
	exportedDocument struct {
		Document
		Files []string `json:"files"` // names in the archive
	}
	exportedFile struct {
		File
		Name string `json:"name"` // in the archive
	}
	exportedLog struct {
		Members     []Member        `json:"members"`
		Formers     []Former        `json:"formers"`
		Invitations []Invitation    `json:"invitations"` // without codes
		Entries     []exportedEntry `json:"entries"`     // in the log's order
	}
	exportedEntry struct {
		Hash    string    `json:"hash"`
		Kind    string    `json:"kind"`
		Author  string    `json:"author"`
		Name    string    `json:"name,omitempty"` // of the author, as far as it is known
		Time    time.Time `json:"time"`
		Parents []string  `json:"parents"`
		Bytes   []byte    `json:"bytes"`
	}
)

// exporter is one export on its way.
type exporter struct {
	app   *App
	log   *space.Log
	zip   *zip.Writer
	at    time.Time
	space exportedSpace
	tell  func(ExportProgress)
	told  ExportProgress

	names  map[string]bool // of documents, as file systems compare them
	shown  []shownFile     // what the documents refer to, in their order
	absent []Absent
}

// Export writes everything of a space to a ZIP archive. Files that documents
// show and that are not here are fetched from whoever is connected, and stay
// here. tell is called as it goes on, by the goroutine that called Export. What
// cannot be read, or does not come, is named in the archive and in what it
// returns; it fails only where the archive cannot be written, or ctx ends. No
// file is in memory as a whole.
func (a *App) Export(ctx context.Context, id space.ID, to io.Writer, tell func(ExportProgress)) (Export, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return Export{}, err
	}
	e := &exporter{app: a, log: log, zip: zip.NewWriter(to), at: now(), tell: tell, names: make(map[string]bool), absent: []Absent{}}
	e.space = exportedSpace{
		Format: exportFormat, ID: id.String(), Name: log.Name(), Exported: e.at, By: a.PersonOrUser().Name, Version: Version(),
		Documents: []exportedDocument{}, Files: []exportedFile{}, Lacks: []Missing{},
	}
	if err := e.write(ctx); err != nil {
		return Export{}, fmt.Errorf("export space: %w", err)
	}
	return Export{Documents: len(e.space.Documents), Files: len(e.space.Files), Unreadable: e.space.Lacks, Absent: e.absent}, nil
}

func (e *exporter) write(ctx context.Context) error {
	documents := e.documents(ctx)
	files, err := e.app.Files(e.log.ID())
	if err != nil {
		e.lacks("the files", "The list of files could not be read.", err)
	}
	e.told.Of = len(documents) + len(files)
	e.tell(e.told)
	for _, d := range documents {
		if err := e.document(ctx, d); err != nil {
			return err
		}
		e.step()
	}
	here := make(map[crdt.BlobID]bool, len(files))
	for _, f := range files {
		blob, err := crdt.ParseBlobID(f.Hash)
		if err != nil {
			return err
		}
		here[blob] = true
		if err := e.file(ctx, blob); err != nil {
			return err
		}
		e.step()
	}
	if err := e.fetch(ctx, here); err != nil {
		return err
	}
	if err := e.putJSON("members.json", e.members()); err != nil {
		return err
	}
	// What is missing is known now.
	if err := e.put("README.txt", []byte(exportReadme(e.space.Name, e.space.Lacks))); err != nil {
		return err
	}
	if err := e.putJSON("space.json", e.space); err != nil {
		return err
	}
	return e.zip.Close()
}

func (e *exporter) step() {
	e.told.Done++
	e.tell(e.told)
}

// documents are those that the space lists, and then those that it holds and
// does not list.
func (e *exporter) documents(ctx context.Context) []Document {
	id := e.log.ID()
	listed, err := e.app.Documents(ctx, id)
	if err != nil {
		e.lacks("the list of documents", "It could not be read, so titles are missing.", err)
	}
	documents := slices.Clone(listed)
	for _, ref := range e.app.store.Refs(id) {
		known := func(d Document) bool { return d.ID == ref.Document.String() }
		if ref.Document != crdt.IndexID(id) && !slices.ContainsFunc(documents, known) {
			documents = append(documents, Document{ID: ref.Document.String()})
		}
	}
	return documents
}

// document writes what there is of a document: as Automerge files, which hold
// all its history, and as Markdown.
func (e *exporter) document(ctx context.Context, d Document) error {
	document, err := crdt.ParseDocumentID(d.ID)
	if err != nil {
		return err
	}
	exported := exportedDocument{Document: d, Files: []string{}}
	base := "documents/" + e.documentName(d)
	body := crdt.Ref{Space: e.log.ID(), Document: document, Part: space.Body}
	annotations := body
	annotations.Part = space.Annotations
	for _, piece := range []struct {
		ref    crdt.Ref
		format string
		name   string
	}{
		{body, FormatAutomerge, base + ".automerge"},
		{annotations, FormatAutomerge, base + ".annotations.automerge"},
		{body, FormatMarkdown, base + ".md"},
	} {
		content, err := e.content(ctx, d, piece.ref, piece.format)
		if err != nil {
			return err
		}
		if content == nil {
			continue
		}
		if err := e.put(piece.name, content); err != nil {
			return err
		}
		exported.Files = append(exported.Files, piece.name)
	}
	e.space.Documents = append(e.space.Documents, exported)
	for _, ref := range []crdt.Ref{body, annotations} {
		if err := e.refersTo(ctx, d, ref); err != nil {
			return err
		}
	}
	return nil
}

// content is a part of a document in a format, or nil where there is none. What
// cannot be read is written as it is stored: changes one after the other, as
// Automerge loads them.
func (e *exporter) content(ctx context.Context, d Document, ref crdt.Ref, format string) ([]byte, error) {
	chunks, _, err := e.app.store.Load(ref)
	if err == nil && len(chunks) == 0 {
		if ref.Part == space.Body && format == FormatAutomerge {
			e.lacks(d.Title, "This document has not arrived on this computer yet.", nil)
		}
		return nil, nil
	}
	var content []byte
	if err == nil {
		content, err = e.app.Show(ctx, ref, format)
	}
	switch {
	case err == nil:
		return content, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case format != FormatAutomerge:
		e.lacks(d.Title, "This document cannot be read as text.", err)
		return nil, nil
	case len(chunks) > 0:
		e.lacks(d.Title, "This document cannot be read here. It is in the export as it is stored; another Automerge program may be able to read it.", err)
		return bytes.Join(chunks, nil), nil
	}
	e.lacks(d.Title, "This document was damaged on the disk and is not in the export.", err)
	return nil, nil
}

// file writes a file of the space. One that is damaged is named, and what was
// written of it so far ends there.
func (e *exporter) file(ctx context.Context, blob crdt.BlobID) error {
	name := "files/" + blob.String()
	var to io.Writer
	var failed error
	write := func(part []byte) error {
		if failed = ctx.Err(); failed == nil && to == nil {
			name += ending(part)
			to, failed = e.create(name)
		}
		if failed == nil {
			_, failed = to.Write(part)
		}
		return failed
	}
	f, err := e.app.ReadFile(e.log.ID(), blob, write)
	if err == nil && to == nil {
		err = write(nil) // it is empty
	}
	if failed != nil {
		return failed
	}
	if err != nil {
		e.lacks(name, "This file was damaged on the disk, and is not whole in the export.", err)
		return nil
	}
	e.space.Files = append(e.space.Files, exportedFile{File: f, Name: name})
	return nil
}

// members is the membership log: what it amounts to, and every entry as it was
// signed.
func (e *exporter) members() exportedLog {
	described := e.app.describeSpace(e.log, nil)
	for i := range described.Members { // when this device met them is nobody else's business
		described.Members[i].LastSeen = nil
		for j := range described.Members[i].Devices {
			described.Members[i].Devices[j].LastSeen = nil
		}
	}
	known := peopleOf(e.log)
	list := exportedLog{Members: described.Members, Formers: described.Formers, Invitations: []Invitation{}, Entries: []exportedEntry{}}
	for _, made := range e.log.Invitations() {
		invitation := e.app.describeInvitation(e.log, made, known)
		invitation.Code = ""
		list.Invitations = append(list.Invitations, invitation)
	}
	for _, raw := range e.log.Entries() {
		entry, err := space.ParseEntry(raw)
		if err != nil { // it was read when it came
			e.lacks("members.json", "An entry of the list of members could not be read.", err)
			continue
		}
		exported := exportedEntry{
			Hash: entry.Hash.String(), Kind: entry.Kind.String(), Author: entry.Author.String(), Name: known.name(entry.Author),
			Time: entry.Time, Parents: []string{}, Bytes: raw,
		}
		for _, parent := range entry.Parents {
			exported.Parents = append(exported.Parents, parent.String())
		}
		list.Entries = append(list.Entries, exported)
	}
	return list
}

func (e *exporter) lacks(what, sentence string, err error) {
	if what == "" {
		what = "a document without a title"
	}
	e.app.log.Warn("an export lacks something", "space", e.log.ID(), "what", what, "err", err)
	e.space.Lacks = append(e.space.Lacks, Missing{What: what, Sentence: sentence})
}

func (e *exporter) create(name string) (io.Writer, error) {
	return e.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: e.at})
}

func (e *exporter) put(name string, content []byte) error {
	to, err := e.create(name)
	if err != nil {
		return err
	}
	_, err = to.Write(content)
	return err
}

func (e *exporter) putJSON(name string, what any) error {
	raw, err := json.MarshalIndent(what, "", "\t")
	if err != nil {
		return err
	}
	return e.put(name, append(raw, '\n'))
}

// ExportName is what a file with an export of a space is called.
func (a *App) ExportName(id space.ID) (string, error) {
	log, err := a.spaceLog(id)
	if err != nil {
		return "", err
	}
	return fileName(log.Name(), id.String()) + ".zip", nil
}
