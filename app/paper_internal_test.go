package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"parley/crdt/materialize/file"
)

// TestEverythingLeftOutHasASentence reads the codes where they are declared.
func TestEverythingLeftOutHasASentence(t *testing.T) {
	source, err := parser.ParseFile(token.NewFileSet(), "../crdt/materialize/file/file.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(source, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Code" {
			return true
		}
		for _, value := range spec.Values {
			code, err := strconv.Unquote(value.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found++
			if s := leftSentence(file.Left{Code: file.Code(code), Count: 3}); s == "" || strings.Contains(s, "%") {
				t.Errorf("%s: %q", code, s)
			}
		}
		return true
	})
	if found != len(leftSentences) {
		t.Errorf("%d codes and %d sentences", found, len(leftSentences))
	}
}

func TestTitleOfAFile(t *testing.T) {
	for _, c := range []struct{ title, name, want string }{
		{"A plan", "x.docx", "A plan"},
		{" \n", "Our park.v2.docx", "Our park.v2"},
		{"a\u202eb\nc", "x.docx", "a b c"},
		{"", ".docx", "Document"},
		{strings.Repeat("ä", 300), "x", strings.Repeat("ä", 200)},
		{"", "\xff.docx", "Document"},
	} {
		if got := titleOf(c.title, c.name); got != c.want {
			t.Errorf("%q, %q: got %q, want %q", c.title, c.name, got, c.want)
		}
	}
}
