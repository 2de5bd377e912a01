package p2p

import (
	"errors"
	"time"

	"parley/crdt"
)

// errShared means that a transfer has had its turn, and other files that somebody
// waits for have theirs.
var errShared = errors.New("somebody waits for other files, too")

// blobFirst is how long a file that somebody waits for keeps another from
// beginning: small ones are here then, and of a large one something is. Between
// files that have begun a turn is a blobTurn, since what is on its way when one
// ends has come in vain.
const blobFirst = time.Second

// mayGoOn says whether a transfer goes on that began some time ago; with an error
// if it does not.
func (f *fetcher) mayGoOn(how transfer, began time.Time) error {
	took := time.Since(began)
	switch {
	case !how.pressing && (f.pressed() || f.room.node.frugal()):
		return errPressed
	case how.patient && took > blobTurn && f.others():
		return errTurn
	case how.pressing && !how.patient && f.sharesAfter(took):
		return errShared
	}
	return nil
}

// sharesAfter reports whether a file that has been coming for some time makes way
// for others that somebody waits for.
func (f *fetcher) sharesAfter(took time.Duration) bool {
	if took <= blobFirst {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, other := range f.asked {
		if !f.begun[other] || took > blobTurn {
			return true
		}
	}
	return false
}

// share puts a blob behind the others that somebody waits for.
func (f *fetcher) share(blob crdt.BlobID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting[blob] != nil {
		f.asked = append(f.asked, blob)
	} else {
		f.ahead = append([]crdt.BlobID{blob}, f.ahead...)
	}
}
