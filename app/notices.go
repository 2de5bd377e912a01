package app

import (
	"sync"
	"time"
)

// NoticeCode names what a notice is about; a window has the words for it.
type NoticeCode string

// Notice is something that a person should know about this device or one of
// its documents, and that no screen they look at would show.
type Notice struct {
	ID       string            `json:"id"`
	Code     NoticeCode        `json:"code"`
	Space    string            `json:"space,omitempty"`
	Document string            `json:"document,omitempty"`
	Values   map[string]string `json:"values"` // what the sentence names: persons, files, numbers
	At       time.Time         `json:"at"`
}

// notices are those that nobody has dismissed, oldest first.
type notices struct {
	mu   sync.Mutex
	list []Notice
}

// add keeps a notice. One with the ID of an earlier one takes its place.
func (n *notices) add(notice Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range n.list {
		if n.list[i].ID == notice.ID {
			n.list[i] = notice
			return
		}
	}
	n.list = append(n.list, notice)
}
