package app

import "testing"

func TestWhatTheComputerSaysOfItsPower(t *testing.T) {
	for _, one := range []struct {
		metered, warning uint32
		want             sparing
	}{
		{0, 0, sparesNothing}, // nobody says anything
		{2, 1, sparesNothing},
		{4, 2, sparesNothing}, // on a battery that is not low
		{1, 1, onMetered},
		{3, 1, onMetered},
		{2, 3, onBattery},
		{2, 5, onBattery},
		{1, 4, onMetered},
		{9, 9, sparesNothing}, // a newer one says what is not known here
	} {
		if got := weighPower(one.metered, one.warning); got != one.want {
			t.Errorf("metered %d and warning %d make %q", one.metered, one.warning, got)
		}
	}
}
