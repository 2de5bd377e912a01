package richtext

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf16"
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
	if at < 0 || remove < 0 {
		return fmt.Errorf("%w: nothing can be at %d", ErrPosition, at)
	}
	view := viewOf(w.doc.items(text))
	if !view.walk(at) {
		return fmt.Errorf("%w: the text ends before %d", ErrPosition, at)
	}
	cut := cut{items: view.items, from: view.index, to: view.index}
	if remove > 0 {
		if !view.walk(at + remove) {
			return fmt.Errorf("%w: the text ends before %d", ErrPosition, at+remove)
		}
		cut.to = view.index
	}
	for i := cut.from; i < cut.to; i++ {
		if item := cut.at(i); item.Visible() {
			w.Delete(text, item)
		}
	}
	if insert == "" {
		return nil
	}
	after := cut.insertAfter()
	lines := strings.Split(strings.ReplaceAll(insert, "\r\n", "\n"), "\n")
	after = w.InsertText(text, after, lines[0])
	if len(lines) == 1 {
		return nil
	}
	block, follows := w.doc.around(cut), cut.textFollows()
	for _, line := range lines[1:] {
		if block.Type == "code-block" {
			after = w.InsertText(text, after, "\n")
		} else {
			block = next(block, follows)
			after = w.InsertBlock(text, after, block)
		}
		after = w.InsertText(text, after, line)
	}
	return nil
}

// view walks along a text and counts as the text view does.
type view struct {
	items
	index int  // behind the last visible item walked over
	seen  int  // code points of the text view up to there
	begun bool // whether any item was visible
	ahead int  // where to look for the next one
}

func viewOf(i items) view { return view{items: i} }

// stride is how many items lie between two checkpoints.
const stride = 256

// checkpoint is how far the count is when a walk comes to a certain item. A
// text keeps one for every stride items up to where it was changed last, so
// that somebody who writes in a long text is not walked to from its start each
// time.
type checkpoint struct {
	index, seen int
	begun       bool
}

// skip moves ahead to the last checkpoint before a position.
func (v *view) skip(to int) {
	checks := v.obj.checks
	k := sort.Search(len(checks), func(k int) bool { return checks[k].seen >= to }) - 1
	if k >= 0 && k*stride > v.ahead {
		v.ahead, v.index, v.seen, v.begun = k*stride, checks[k].index, checks[k].seen, checks[k].begun
	}
}

// changed forgets the checkpoints behind an item.
func (obj *object) changed(at int) {
	if keep := at/stride + 1; keep < len(obj.checks) {
		obj.checks = obj.checks[:keep]
	}
}

// walk goes on until the position of the text view lies behind what was walked
// over: behind what is visible before it, ahead of what is not. A marker that
// opens the text is always walked over. It reports whether the text is that
// long.
func (v *view) walk(to int) bool {
	v.skip(to)
	for ; v.ahead < v.len(); v.ahead++ {
		if v.ahead == len(v.obj.checks)*stride {
			v.obj.checks = append(v.obj.checks, checkpoint{index: v.index, seen: v.seen, begun: v.begun})
		}
		item := v.at(v.ahead)
		if !item.Visible() {
			continue
		}
		opens := !v.begun && item.IsBlock()
		if !opens && v.seen >= to {
			return true
		}
		switch {
		case opens:
		case item.IsBlock():
			v.seen++
		default:
			v.seen += item.width()
		}
		v.begun, v.index = true, v.ahead+1
	}
	return v.seen >= to
}

// cut is a stretch of items about to be deleted, or just a place between two.
type cut struct {
	items
	from, to int
}

// around is the block in which the cut begins.
func (d *Document) around(c cut) Block {
	for i := c.from - 1; i >= 0; i-- {
		if item := c.at(i); item.IsBlock() {
			return d.block(item)
		}
	}
	return Block{Type: "paragraph"}
}

// textFollows reports whether text follows the cut in its block.
func (c cut) textFollows() bool {
	for i := c.to; i < c.len(); i++ {
		if item := c.at(i); item.Visible() {
			return !item.IsBlock()
		}
	}
	return false
}

// insertAfter chooses the element that something inserted at the cut comes
// after, as Automerge does: the visible item before it, but past the edges of
// marks that do not grow there, so that it comes to lie outside them.
func (c cut) insertAfter() chunk.ID {
	before := chunk.ID{}
	for i := c.from - 1; i >= 0; i-- {
		if item := c.at(i); item.Visible() {
			before = item.Elem
			break
		}
	}
	candidates := []chunk.ID{before}
	for i := c.from; i < c.len(); i++ {
		item := c.at(i)
		if item.Visible() && i >= c.to {
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

// next is the block that begins where this one is split.
func next(b Block, textFollows bool) Block {
	switch b.Type {
	case "unordered-list-item", "ordered-list-item":
	case "task-list-item":
		b.Attrs = nil // still to be done
	case "heading":
		if !textFollows {
			b.Type, b.Attrs = "paragraph", nil
		}
	default:
		b.Type, b.Attrs = "paragraph", nil
	}
	return Block{Type: b.Type, Parents: b.Parents, Attrs: b.Attrs}
}

// Mend turns a short text, such as a title, into another by one replacement, as
// small as it can be. Where less than half of it would stay, in UTF-16 units, it
// writes nothing and reports false: that is another text and not this one
// mended, and of two who do so at once, both their letters would be in it.
func (w *Writer) Mend(text chunk.ID, s string) (mended bool, err error) {
	old, next := []rune(w.doc.View(text)), []rune(s)
	head := 0
	for head < len(old) && head < len(next) && old[head] == next[head] {
		head++
	}
	end := 0
	for end < len(old)-head && end < len(next)-head && old[len(old)-1-end] == next[len(next)-1-end] {
		end++
	}
	if len(old) == 0 {
		return len(next) == 0, nil
	}
	replaced := old[head : len(old)-end]
	if 2*len(utf16.Encode(replaced)) > len(utf16.Encode(old)) {
		return false, nil
	}
	return true, w.Edit(text, head, len(replaced), string(next[head:len(next)-end]))
}
