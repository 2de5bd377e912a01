package command

import (
	"errors"
	"io"
	"strings"
	"testing"

	"parley/app"
)

func TestOnlyAYesIsAYes(t *testing.T) {
	for typed, want := range map[string]bool{
		"yes\n": true, "y\n": true, " YES \n": true, "yes": true,
		"no\n": false, "\n": false, "": false, "ye\n": false, "yes please\n": false, "\nyes\n": false,
	} {
		var asked strings.Builder
		if got := agrees(&asked, strings.NewReader(typed), "All will be gone."); got != want {
			t.Errorf("%q counts as %v", typed, got)
		}
		if !strings.HasPrefix(asked.String(), "All will be gone.\n") {
			t.Errorf("asked %q", asked.String())
		}
	}
}

func TestAScriptHasToSayYes(t *testing.T) {
	runs := 0
	c := &SpaceLeave{}
	leave := func() error {
		runs++
		return c.confirmed("You will leave.")
	}
	err := surely(c, terminal{err: io.Discard, json: true}, leave)
	told := new(app.Error)
	if !errors.As(err, &told) || told.Code != app.CodeUnconfirmed || !strings.Contains(told.Message, "You will leave. Nothing was done.") || runs != 1 {
		t.Errorf("after %d runs: %v", runs, err)
	}
	c.Yes = true
	if err := surely(c, terminal{err: io.Discard, json: true}, leave); err != nil {
		t.Errorf("with --yes: %v", err)
	}
}
