package richtext

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/crdt/chunk"
)

// ErrPosition is wrapped where an edit lies outside the text.
var ErrPosition = errors.New("position outside the text")

// Length is the number of code points of the text view.
func (d *Document) Length(text chunk.ID) int {
	return utf8.RuneCountInString(d.View(text))
}

// Edit deletes code points of the text view and inserts others in their place.
// A newline deleted joins two blocks, a newline inserted splits one. What comes
// after the split is an item again in a list, a heading again in the middle of
// a heading, and otherwise a paragraph, in the same containers. In a block of
// code a newline is just another character.
func (w *Writer) Edit(text chunk.ID, at, remove int, insert string) error {
	items := slices.Collect(w.doc.Sequence(text))
	if at < 0 || remove < 0 {
		return fmt.Errorf("%w: nothing can be at %d", ErrPosition, at)
	}
	start, ok := place(items, at)
	if !ok {
		return fmt.Errorf("%w: the text ends before %d", ErrPosition, at)
	}
	end, ok := place(items, at+remove)
	if !ok {
		return fmt.Errorf("%w: the text ends before %d", ErrPosition, at+remove)
	}
	for i := start; i < end; i++ {
		if items[i].Visible() {
			w.Delete(text, items[i])
			items[i].top = nil
		}
	}
	if insert == "" {
		return nil
	}
	block, follows := w.doc.around(items, start), !atEnd(items, start)
	after := insertAfter(items, start)
	for i, line := range strings.Split(strings.ReplaceAll(insert, "\r\n", "\n"), "\n") {
		switch {
		case i == 0:
		case block.Type == "code-block":
			after = w.InsertText(text, after, "\n")
		default:
			block = next(block, follows)
			after = w.InsertBlock(text, after, block)
		}
		after = w.InsertText(text, after, line)
	}
	return nil
}

// place finds the index before which a position of the text view lies: behind
// what is visible before it, ahead of what is not.
func place(items []Item, at int) (int, bool) {
	seen, first := 0, true
	index := 0
	for i, item := range items {
		if !item.Visible() {
			continue
		}
		// A marker that opens the text is not in the view.
		opens := first && item.IsBlock()
		if !opens {
			if seen >= at {
				return index, true
			}
			if item.IsBlock() {
				seen++
			} else {
				seen += utf8.RuneCountInString(item.Text())
			}
		}
		first = false
		index = i + 1
	}
	return index, seen >= at
}

// around is the block that the place lies in.
func (d *Document) around(items []Item, index int) Block {
	for i := index - 1; i >= 0; i-- {
		if items[i].IsBlock() {
			return d.block(items[i])
		}
	}
	return Block{Type: "paragraph"}
}

// atEnd reports whether no text follows the place in its block.
func atEnd(items []Item, index int) bool {
	for _, item := range items[index:] {
		if item.Visible() {
			return item.IsBlock()
		}
	}
	return true
}

// next is the block that begins where this one is split.
func next(b Block, textFollows bool) Block {
	switch b.Type {
	case "unordered-list-item", "ordered-list-item":
	case "heading":
		if !textFollows {
			b.Type, b.Attrs = "paragraph", nil
		}
	default:
		b.Type, b.Attrs = "paragraph", nil
	}
	return Block{Type: b.Type, Parents: b.Parents, Attrs: b.Attrs}
}

// insertAfter chooses the element that something inserted at the place comes
// after, as Automerge does: the visible item before it, but past the edges of
// marks that do not grow there, so that it comes to lie outside them.
func insertAfter(items []Item, index int) chunk.ID {
	before := chunk.ID{}
	for i := index - 1; i >= 0; i-- {
		if items[i].Visible() {
			before = items[i].Elem
			break
		}
	}
	candidates := []chunk.ID{before}
	for _, item := range items[index:] {
		if item.Visible() {
			break
		}
		if !item.isMark() {
			continue
		}
		edge := item.top
		if !edge.Begins {
			// Between the begin and the end of a mark around nothing is no
			// place to insert.
			begin := chunk.ID{Counter: edge.ID.Counter - 1, Actor: edge.ID.Actor}
			if at := slices.Index(candidates, begin); at > 0 {
				candidates = candidates[:at]
				continue
			}
		}
		if edge.Begins == edge.Expand {
			candidates = append(candidates, item.Elem)
		}
	}
	return candidates[len(candidates)-1]
}

// Retype turns the text into another by one replacement, as small as it can be.
func (w *Writer) Retype(text chunk.ID, s string) error {
	old, next := []rune(w.doc.View(text)), []rune(s)
	head := 0
	for head < len(old) && head < len(next) && old[head] == next[head] {
		head++
	}
	end := 0
	for end < len(old)-head && end < len(next)-head && old[len(old)-1-end] == next[len(next)-1-end] {
		end++
	}
	return w.Edit(text, head, len(old)-head-end, string(next[head:len(next)-end]))
}
