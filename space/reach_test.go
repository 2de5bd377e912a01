package space

import (
	"errors"
	"testing"
)

func TestHowFarASpaceReachesIsForFacilitatorsToSay(t *testing.T) {
	all := company(t, 71, Editor, "ada", "ben")
	ada, ben := all[0], all[1]
	if got := ben.log.Reach(); got != ReachDirect {
		t.Errorf("at first it is %s", got)
	}
	if _, err := ben.log.SetReach(ben.key, ReachWide, noon); !errors.Is(err, ErrNotFacilitator) {
		t.Errorf("an editor: %v", err)
	}
	if _, err := ada.log.SetReach(ada.key, ReachDirect, noon); !errors.Is(err, ErrNoEffect) {
		t.Errorf("what it is already: %v", err)
	}
	for _, reach := range []Reach{0, 4} {
		if _, err := ada.log.SetReach(ada.key, reach, noon); err == nil {
			t.Errorf("%s is taken", reach)
		}
	}
	rights := ben.log.Rights()
	ada.adds(ada.log.SetReach(ada.key, ReachLocal, noon))
	ben.forges(KindReach, reachBody{ReachWide})
	agree(t, "ada:f ben:e", ada, ben)
	if ben.log.Reach() != ReachLocal {
		t.Errorf("it is %s", ben.log.Reach())
	}
	if ben.log.Rights() != rights {
		t.Error("nobody's right to write has changed")
	}
}

func TestOfReachesAtTheSameTimeAllTakeTheSame(t *testing.T) {
	all := company(t, 72, Facilitator, "ada", "ben", "cem")
	ada, ben, cem := all[0], all[1], all[2]
	ada.adds(ada.log.SetReach(ada.key, ReachLocal, noon))
	ben.adds(ben.log.SetReach(ben.key, ReachWide, noon))
	agree(t, "ada:f ben:f cem:f", all...)
	cem.adds(cem.log.SetReach(cem.key, ReachDirect, noon))
	agree(t, "ada:f ben:f cem:f", all...)
	if ada.log.Reach() != ReachDirect {
		t.Errorf("whoever knew of both said direct, and it is %s", ada.log.Reach())
	}
	// Of who is removed at the same time nothing counts.
	ada.adds(ada.log.SetReach(ada.key, ReachLocal, noon))
	ben.removes(ada)
	agree(t, "ben:f cem:f", all...)
	if cem.log.Reach() != ReachDirect {
		t.Errorf("who was removed says %s", cem.log.Reach())
	}
}

func TestReachesAsText(t *testing.T) {
	for reach := ReachDirect; reach <= ReachWide; reach++ {
		text, err := reach.MarshalText()
		var got Reach
		if err != nil || got.UnmarshalText(text) != nil || got != reach {
			t.Errorf("%s came back as %s", reach, got)
		}
	}
	if _, err := ParseReach("far"); err == nil || Reach(9).Valid() || Reach(9).String() != "reach 9" {
		t.Error("an unknown reach is taken")
	}
}
