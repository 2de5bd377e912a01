package main

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

const (
	textBlocks     = 1000
	lettersInBlock = 105
)

// A textBlock is a paragraph, a heading or an item of a bulleted list.
type textBlock struct {
	Type   string      `json:"type"`
	Pieces []textPiece `json:"pieces"`
}

// A textPiece is a stretch of text with one mark, "strong" or "em", or none.
type textPiece struct {
	Text string `json:"text"`
	Mark string `json:"mark,omitempty"`
}

// makeText makes a text of the words of a real one, over and over: 1,000 blocks
// of about 105 characters, with two marks in each.
func makeText() ([]textBlock, error) {
	words, err := realWords()
	if err != nil {
		return nil, err
	}
	next := 0
	take := func(n int) string {
		taken := make([]string, n)
		for i := range taken {
			taken[i] = words[next%len(words)]
			next++
		}
		return strings.Join(taken, " ")
	}
	blocks := make([]textBlock, textBlocks)
	for i := range blocks {
		b := &blocks[i]
		switch {
		case i%10 == 0:
			b.Type = "heading"
		case i%5 == 0:
			b.Type = "item"
		default:
			b.Type = "paragraph"
		}
		b.Pieces = []textPiece{{Text: take(3) + " "}, {Text: take(1), Mark: "strong"}, {Text: " " + take(4) + " "}, {Text: take(1), Mark: "em"}}
		length := 0
		for _, p := range b.Pieces {
			length += len(p.Text)
		}
		tail := ""
		for length+len(tail) < lettersInBlock {
			tail += " " + take(1)
		}
		b.Pieces = append(b.Pieces, textPiece{Text: tail})
	}
	return blocks, nil
}

// realWords are the words of a text that two people wrote together.
func realWords() (_ []string, err error) {
	path := filepath.Join("bench", "data", "friendsforever.json.gz")
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("read history %s: %w", path, err)
	}
	var history struct{ EndContent string }
	if err := json.NewDecoder(unzipped).Decode(&history); err != nil {
		return nil, fmt.Errorf("read history %s: %w", path, err)
	}
	return strings.FieldsFunc(history.EndContent, func(r rune) bool { return !unicode.IsLetter(r) }), nil
}

// asMarkdown writes a text as parley-node takes it in.
func asMarkdown(blocks []textBlock) string {
	marks := map[string]string{"strong": "**", "em": "*", "": ""}
	starts := map[string]string{"heading": "## ", "item": "- ", "paragraph": ""}
	var s strings.Builder
	for _, b := range blocks {
		s.WriteString(starts[b.Type])
		for _, p := range b.Pieces {
			s.WriteString(marks[p.Mark] + p.Text + marks[p.Mark])
		}
		s.WriteString("\n\n")
	}
	return s.String()
}
