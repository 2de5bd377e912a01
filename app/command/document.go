package command

import (
	"context"
	"fmt"
	"strings"

	"parley/app"
	"parley/crdt"
	"parley/space"
)

// DocumentCreate creates a document.
type DocumentCreate struct {
	Space string `arg:"" help:"The space to create it in."`
	Kind  string `help:"What kind of document: text." default:"text"`
	Title string `help:"What the document is called." required:"" placeholder:"TITLE"`
	From  string `help:"A Markdown file with what it says at first." placeholder:"FILE.md" json:"-"`

	Markdown string `kong:"-"` // what From holds
}

func (c *DocumentCreate) prepare() (err error) {
	if c.From != "" {
		c.Markdown, err = readMarkdown(c.From)
	}
	return err
}

type documentCreated struct {
	Document string `json:"document"`
}

func (r documentCreated) Plain() string { return r.Document + "\n" }

// Run creates the document and tells its ID.
func (c *DocumentCreate) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	document, err := peer.CreateDocument(ctx, id, app.NewDocument{Kind: c.Kind, Title: c.Title, Markdown: c.Markdown})
	if err != nil {
		return err
	}
	return reply.Result(documentCreated{document.String()})
}

// DocumentList lists the documents of a space.
type DocumentList struct {
	Space string `arg:"" help:"The space."`
}

type documentListed struct {
	app.Document
}

func (r documentListed) Plain() string {
	state := ""
	if r.Archived {
		state = ", archived"
	}
	return fmt.Sprintf("%s  %s (%s%s)\n", short(r.ID), r.Title, r.Kind, state)
}

// Run tells one result for each document.
func (c *DocumentList) Run(ctx context.Context, peer *app.App, reply Reply) error {
	id, err := peer.FindSpace(c.Space)
	if err != nil {
		return err
	}
	documents, err := peer.Documents(ctx, id)
	if err != nil {
		return err
	}
	return each(reply, documents, func(document app.Document) Result { return documentListed{document} })
}

// target names a document on the command line.
type target struct {
	Space    string `arg:"" help:"The space the document is in."`
	Document string `arg:"" help:"The document."`
}

func (t target) find(ctx context.Context, peer *app.App) (crdt.Ref, error) {
	id, err := peer.FindSpace(t.Space)
	if err != nil {
		return crdt.Ref{}, err
	}
	document, err := peer.FindDocument(ctx, id, t.Document)
	if err != nil {
		return crdt.Ref{}, err
	}
	return crdt.Ref{Space: id, Document: document, Part: space.Body}, nil
}

// DocumentRename gives a document another title.
type DocumentRename struct {
	Target target `embed:""`
	Title  string `arg:"" help:"What the document is to be called."`
}

type documentRenamed struct {
	Document string `json:"document"`
	Title    string `json:"title"`
}

func (r documentRenamed) Plain() string {
	return fmt.Sprintf("The document is called %q now.\n", r.Title)
}

// Run renames it.
func (c *DocumentRename) Run(ctx context.Context, peer *app.App, reply Reply) error {
	ref, err := c.Target.find(ctx, peer)
	if err != nil {
		return err
	}
	if err := peer.RenameDocument(ctx, ref.Space, ref.Document, c.Title); err != nil {
		return err
	}
	return reply.Result(documentRenamed{ref.Document.String(), strings.TrimSpace(c.Title)})
}

// DocumentArchive puts a document among the archived ones.
type DocumentArchive struct {
	Target target `embed:""`
}

// Run archives it.
func (c *DocumentArchive) Run(ctx context.Context, peer *app.App, reply Reply) error {
	return c.Target.archive(ctx, peer, reply, true)
}

// DocumentRestore undoes DocumentArchive.
type DocumentRestore struct {
	Target target `embed:""`
}

// Run brings it back.
func (c *DocumentRestore) Run(ctx context.Context, peer *app.App, reply Reply) error {
	return c.Target.archive(ctx, peer, reply, false)
}

type documentArchived struct {
	Document string `json:"document"`
	Archived bool   `json:"archived"`
}

func (r documentArchived) Plain() string {
	if r.Archived {
		return "The document is archived: it is kept for reading. To bring it back: document restore\n"
	}
	return "The document is back among the others.\n"
}

func (t target) archive(ctx context.Context, peer *app.App, reply Reply, archived bool) error {
	ref, err := t.find(ctx, peer)
	if err != nil {
		return err
	}
	if err := peer.ArchiveDocument(ctx, ref.Space, ref.Document, archived); err != nil {
		return err
	}
	return reply.Result(documentArchived{ref.Document.String(), archived})
}

// DocumentShow prints a document.
type DocumentShow struct {
	Target target `embed:""`
	Format string `help:"How to print it: ${formats}." default:"markdown" enum:"${format_enum}"`
}

type documentShown struct {
	Document string `json:"document"`
	Format   string `json:"format"`
	Content  any    `json:"content"` // a string, or base64 of a saved Automerge document

	raw []byte
}

// Plain ends text with a newline, and leaves a saved Automerge document to the
// byte as it is.
func (r documentShown) Plain() string {
	if r.Format == app.FormatAutomerge || strings.HasSuffix(string(r.raw), "\n") {
		return string(r.raw)
	}
	return string(r.raw) + "\n"
}

// Run tells the document's content.
func (c *DocumentShow) Run(ctx context.Context, peer *app.App, reply Reply) error {
	ref, err := c.Target.find(ctx, peer)
	if err != nil {
		return err
	}
	raw, err := peer.Show(ctx, ref, c.Format)
	if err != nil {
		return err
	}
	shown := documentShown{Document: ref.Document.String(), Format: c.Format, Content: string(raw), raw: raw}
	if c.Format == app.FormatAutomerge {
		shown.Content = raw
	}
	return reply.Result(shown)
}

// DocumentEdit changes a document's text.
type DocumentEdit struct {
	Target target `embed:""`
	At     int    `help:"Where: how many characters lie before it. A new paragraph counts as one." required:"" placeholder:"N"`
	Delete int    `help:"How many characters to delete there." placeholder:"N"`
	Insert string `help:"What to insert there. A newline starts a new paragraph." placeholder:"TEXT"`
}

type edited struct {
	Document string `json:"document"`
	Actor    string `json:"actor"`
	Sequence uint64 `json:"sequence"`
	Position uint64 `json:"position"`
}

func (r edited) Plain() string { return "Saved.\n" }

// Run makes the edit, and answers once it is on disk.
func (c *DocumentEdit) Run(ctx context.Context, peer *app.App, reply Reply) error {
	ref, err := c.Target.find(ctx, peer)
	if err != nil {
		return err
	}
	done, err := peer.Edit(ctx, ref, app.Edit{At: c.At, Delete: c.Delete, Insert: c.Insert})
	if err != nil {
		return err
	}
	return reply.Result(edited{
		Document: ref.Document.String(), Actor: done.Actor.String(), Sequence: done.Sequence, Position: done.Position,
	})
}

// DocumentMerge merges a saved copy into a document.
type DocumentMerge struct {
	Target target `embed:""`
	File   string `arg:"" help:"The copy, as an Automerge program saved it." placeholder:"FILE.automerge" json:"-"`

	Saved []byte `kong:"-"` // what File holds
}

func (c *DocumentMerge) prepare() (err error) {
	c.Saved, err = readFile(c.File, maxAutomerge)
	return err
}

type merged struct {
	Document string `json:"document"`
	Changes  int    `json:"changes"`
}

func (r merged) Plain() string {
	if r.Changes == 0 {
		return "The copy holds nothing new.\n"
	}
	return fmt.Sprintf("Merged %s.\n", counted(r.Changes, "change"))
}

// Run merges what the copy has and the document has not.
func (c *DocumentMerge) Run(ctx context.Context, peer *app.App, reply Reply) error {
	ref, err := c.Target.find(ctx, peer)
	if err != nil {
		return err
	}
	changes, err := peer.Merge(ctx, ref, c.Saved)
	if err != nil {
		return err
	}
	return reply.Result(merged{Document: ref.Document.String(), Changes: changes})
}
