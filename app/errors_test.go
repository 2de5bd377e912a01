package app

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"parley/crdt/materialize"
)

// TestWhatTheChildCannotDoIsASentence tells a document that cannot be read,
// which is kept, from a text that never became one.
func TestWhatTheChildCannotDoIsASentence(t *testing.T) {
	for _, c := range []struct {
		cause error
		code  Code
	}{
		{materialize.ErrDeadline, CodeTimeout},
		{materialize.ErrCrashed, CodeUnreadable},
	} {
		cause := fmt.Errorf("ask child: %w", c.cause)
		reading := Explain(fmt.Errorf("show document: %w", cause))
		if reading.Code != c.code || !strings.Contains(reading.Message, "It is kept as it is.") {
			t.Errorf("reading, %v is told as %q", c.cause, reading.Message)
		}
		taking := Explain(fmt.Errorf("create document: %w", explainBirth(cause)))
		if taking.Code != c.code || !strings.Contains(taking.Message, "Nothing was created.") || !errors.Is(taking, c.cause) {
			t.Errorf("creating, %v is told as %q", c.cause, taking.Message)
		}
	}
}
