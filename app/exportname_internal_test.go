package app

import (
	"strings"
	"testing"
)

// Documents whose creators chose the same title and the beginning of an ID get
// names of their own, on every file system.
func TestNamesInAnExportAreApartAndSafe(t *testing.T) {
	documents := []Document{
		{ID: "0123456789abcdef", Title: "Plan"}, {ID: "01234567ffffffff", Title: "PLAN"},
		{ID: "01234567aaaaaaaa", Title: "Ｐlan"}, {ID: "aaaaaaaaaaaaaaaa", Title: "con.txt"},
		{ID: "bbbbbbbbbbbbbbbb", Title: "LPT¹ .a"}, {ID: "cccccccccccccccc", Title: "..\\..\\a."},
		{ID: "dddddddddddddddd", Title: strings.Repeat("𓀀", 200)}, {ID: "eeeeeeeeeeeeeeee", Title: "Version 1.2"},
	}
	e := &exporter{names: make(map[string]bool)}
	want := []string{
		"Plan 01234567", "PLAN 01234567f", "Ｐlan 01234567a", "con txt aaaaaaaa", "LPT¹ a bbbbbbbb", "a cccccccc",
		strings.Repeat("𓀀", 40) + " dddddddd", "Version 1.2 eeeeeeee",
	}
	for i, d := range documents {
		if name := e.documentName(d); name != want[i] || len(name) > 200 {
			t.Errorf("it is called %q, not %q", name, want[i])
		}
	}
}
