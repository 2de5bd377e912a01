package words

import (
	"crypto/rand"
	"math/big"
	"strings"
)

// RoomWords is how many words hang on the wall of a room.
const RoomWords = 3

// Room is the words on the wall, as indexes into the list. Three of the words
// that DrawRoom draws from are 31 bits.
type Room [RoomWords]int

// unwelcome are words that DrawRoom leaves out: hard to tell from another when
// said aloud, spelled otherwise in another English, hard to spell, or nothing
// to put up on a wall. They are still read.
var unwelcome = strings.Fields(`
	abuse aisle alter armor attack aunt bleak blood bomb bullet cannon census cereal choice color coyote crash crime
	cruel crush damage danger debris deny devote diesel diet dumb enroll era evil evoke exile fat fatal fiber
	fiscal flavor fury genre gossip grief grit guilt gun gym harbor hazard hire horror hour humor hurt ill inject
	injury inmate insane jelly kidney knife know labor liar lyrics mad medal merge misery mom naive nasty obey odor
	orphan pair panic peace pear piece pistol prison purse quit quote rebel reject rhythm rib rifle right riot rude
	sad scare scheme sea shoot sick siege skull slogan steak steel suffer sword syrup tail tattoo that then
	theory there they this toe toilet tragic trap trash two ugly undo upset vacuum vague vapor virus wage wait waste
	weapon wear weird what when where wood wreck write wrong`)

var welcome = welcomeWords()

func welcomeWords() (indexes []int) {
	out := make(map[string]bool)
	for _, word := range unwelcome {
		out[word] = true
	}
	for i, word := range list {
		if len(word) <= 6 && !out[word] {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

// DrawRoom draws the words for a room: three different ones of at most six
// letters that are easy to say and to spell.
func DrawRoom() (r Room) {
	for i := range r {
		for drawn := false; !drawn; {
			n, err := rand.Int(rand.Reader, big.NewInt(int64(len(welcome))))
			if err != nil {
				panic(err) // never fails: crypto/rand ends the program instead
			}
			r[i] = welcome[n.Int64()]
			drawn = true
			for _, earlier := range r[:i] {
				drawn = drawn && earlier != r[i]
			}
		}
	}
	return r
}

// ParseRoom reads words from a wall as somebody typed them, like ParseRecovery.
func ParseRoom(text string) (Room, error) {
	indexes, err := parse(text, RoomWords)
	if err != nil {
		return Room{}, err
	}
	return Room(indexes), nil
}

// Words are the words to put up.
func (r Room) Words() []string {
	spelled := make([]string, len(r))
	for i, index := range r {
		spelled[i] = list[index]
	}
	return spelled
}

// Secret is what both sides of a key exchange make of the words: the password
// proper, and a hint that a newcomer may say aloud, so that a device whose room
// has other words need not take it for a guess. The hint narrows the words down
// by 8 bits, and says nothing of the password beyond that.
func (r Room) Secret() (password [32]byte, hint byte) {
	raw := derive([]byte(strings.Join(r.Words(), " ")), "parley/words/1", 33)
	return [32]byte(raw[:32]), raw[32]
}
