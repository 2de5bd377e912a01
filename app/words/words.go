// Package words turns secrets into words that people write down, say and type,
// and back: the twelve words of a recovery sheet, the six words that two people
// compare, the three words on the wall of a room. It knows neither screens nor
// disks nor networks.
//
// The words are the English list of BIP-39 (MIT licence, Palatinus, Rusnak,
// Voisine, Bowe): 2048 words, 11 bits each, of which no two begin with the same
// four letters. docs/formats.md says how bits become words.
package words

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// bitsPerWord is what one word of the list stands for.
const bitsPerWord = 11

//go:embed english.txt
var english string

// list is in alphabetical order.
var list = strings.Fields(english)

// Error says what is wrong with words that somebody typed.
type Error struct {
	// Position is which word it is, from 1; 0 where it is about all of them.
	Position int
	// Word is that word as it was typed, and Nearest the word of the list that
	// was perhaps meant; empty where none is near.
	Word, Nearest string
	// Count is how many words there are, and Want how many there should be, where
	// that is what is wrong.
	Count, Want int
}

// Error is a sentence for a person.
func (e *Error) Error() string {
	switch {
	case e.Want != 0 && e.Count == 0:
		return fmt.Sprintf("There are no words. Type all %d, with spaces between them.", e.Want)
	case e.Want != 0:
		return fmt.Sprintf("There are %d words, and there should be %d. Type all of them, with spaces between them.", e.Count, e.Want)
	case e.Position == 0:
		return "Each of these words is in the list, but they do not belong together. One of them may be another word, or two have changed places. Compare them with the sheet."
	case e.Nearest == "":
		return fmt.Sprintf("Word %d, %q, is not in the list. Compare it with what was written down.", e.Position, e.Word)
	}
	return fmt.Sprintf("Word %d, %q, is not in the list. Did you mean %q?", e.Position, e.Word, e.Nearest)
}

// parse reads exactly want words, as indexes into the list. Case does not
// matter, nor what stands between words (spaces, commas, line breaks, the
// numbers of a numbered list), and four letters of a word are enough.
func parse(text string, want int) ([]int, error) {
	typed := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	indexes := make([]int, 0, want)
	for i, word := range typed {
		index, ok := find(word)
		if !ok {
			return nil, &Error{Position: i + 1, Word: word, Nearest: nearest(word)}
		}
		indexes = append(indexes, index)
	}
	if len(typed) != want {
		return nil, &Error{Count: len(typed), Want: want}
	}
	return indexes, nil
}

// find gives the word that is typed, or begins so.
func find(typed string) (index int, ok bool) {
	index, ok = slices.BinarySearch(list, typed)
	if ok || len(typed) < 4 || index == len(list) {
		return index, ok
	}
	// The next in order is the first that begins so, and no other does.
	return index, strings.HasPrefix(list[index], typed)
}

// maxSlips is how far a word may be from what was typed to be worth a
// suggestion: letters left out, added, mistaken, or swapped with the next one.
const maxSlips = 2

// nearest is the word of the list with the fewest slips, the first of several.
func nearest(typed string) string {
	if len(typed) > 16 {
		return "" // no word is nearly as long
	}
	best, slips := "", maxSlips+1
	for _, word := range list {
		if d := distance(typed, word); d < slips && d < len(word) {
			best, slips = word, d
		}
	}
	return best
}

// distance counts slips between two short words (optimal string alignment).
func distance(from, to string) int {
	a, b := []rune(from), []rune(to)
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// spell writes the first bits of raw as words, 11 bits each, the most
// significant first.
func spell(raw []byte, count int) []string {
	spelled := make([]string, count)
	for i := range spelled {
		index := 0
		for bit := i * bitsPerWord; bit < (i+1)*bitsPerWord; bit++ {
			index = index<<1 | int(raw[bit/8]>>(7-bit%8)&1)
		}
		spelled[i] = list[index]
	}
	return spelled
}

// unspell is what spell has written, padded with zero bits to whole bytes.
func unspell(indexes []int) []byte {
	raw := make([]byte, (len(indexes)*bitsPerWord+7)/8)
	for i, index := range indexes {
		for j := range bitsPerWord {
			if index>>(bitsPerWord-1-j)&1 == 1 {
				bit := i*bitsPerWord + j
				raw[bit/8] |= 1 << (7 - bit%8)
			}
		}
	}
	return raw
}
