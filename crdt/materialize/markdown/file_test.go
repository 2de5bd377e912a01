package markdown

import (
	"testing"

	"parley/crdt/materialize/file/filetest"
)

func TestFileConforms(t *testing.T) {
	filetest.Run(t, File{}, []string{
		"paragraph", "title", "divider", "blockquote", "code", "lists", "letters", "nested", "tasks", "callout",
		"heading", "mark strong", "mark em", "mark underline", "mark strike", "mark highlight", "mark code", "mark link",
	})
}
