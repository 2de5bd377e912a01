package odt

import (
	"testing"

	"parley/crdt/materialize/file/filetest"
)

func TestConforms(t *testing.T) {
	filetest.Run(t, Format{}, []string{
		"paragraph", "title", "heading", "divider", "blockquote", "callout", "code", "lists", "tasks", "table", "image", "footnote", "letters",
		"mark strong", "mark em", "mark underline", "mark strike", "mark highlight", "mark code", "mark link",
	})
}
