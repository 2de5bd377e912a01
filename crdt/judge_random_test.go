package crdt_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"maps"
	randv2 "math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

// TestPeersJudgeAlike lets people write, be removed, promoted, demoted, added
// again, let in, and a space be archived and opened, while what they send and
// what is said of them arrives in any order, with restarts and compactions in
// between. In the end all hold what a reference says that knows all changes and
// goes by the words of docs/formats.md.
func TestPeersJudgeAlike(t *testing.T) {
	seeds := []uint64{uint64(time.Now().UnixNano()), 1, 2, 3}
	if testing.Short() {
		seeds = seeds[:1]
	}
	if s := os.Getenv(seedEnv); s != "" {
		seed, _ := strconv.ParseUint(s, 10, 64)
		seeds = []uint64{seed}
	}
	for _, seed := range seeds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { judgeAlike(t, seed) })
	}
}

// court is a space in which it is disputed who may write.
type court struct {
	t       *testing.T
	source  *randv2.Rand
	child   *materialize.Child
	devices []*device
	refs    []crdt.Ref
	pens    map[penOf]*pen
	letters []letter // in no order
	posted  []letter // the same, in that in which they were written
	written map[crdt.Ref][]testimony
	outside []*pen    // of actors that are no member's, one for each part
	earlier [][]pen   // where each of these has been
	forgers []*device // a member who never may write, and somebody who never was a member
}

// testimony is a change and who has signed for it.
type testimony struct {
	chunk.Change
	signer space.DeviceID
}

func judgeAlike(t *testing.T, seed uint64) {
	t.Logf("repeat with %s=%d", seedEnv, seed)
	w := &court{
		t: t, source: randv2.New(randv2.NewPCG(seed, 3)), pens: make(map[penOf]*pen),
		written: make(map[crdt.Ref][]testimony), child: materialize.New(materialize.Options{}),
	}
	defer w.child.Close()
	for _, name := range []string{"Ada", "Ben", "Cem", "Dora", "Eli"} {
		d := newDevice(t, name)
		d.options.Materializer = w.child
		d.options.KeepLoose = 3
		d.restarts()
		w.devices = append(w.devices, d)
	}
	body := w.devices[0].founds()
	annotations := body
	annotations.Part = space.Annotations
	w.refs = []crdt.Ref{body, annotations}
	w.devices[0].admits(body.Space, space.Facilitator, w.devices[1])
	w.devices[0].admits(body.Space, space.Editor, w.devices[2:4]...)
	w.devices[0].admits(body.Space, space.Annotator, w.devices[4])
	for _, ref := range w.refs {
		w.outside = append(w.outside, &pen{t: t, actor: chunk.Actor(fmt.Sprint("somebody elsewhere ", ref.Part))})
	}
	w.earlier = make([][]pen, len(w.refs))
	w.forgers = []*device{newDevice(t, "Rex"), newDevice(t, "Stranger")}
	w.devices[0].admits(body.Space, space.Reader, w.forgers[0])
	for _, d := range w.devices[1:] {
		d.hears(body.Space, w.devices[0])
	}
	for range 160 {
		w.step()
	}
	w.ends()
}

func (w *court) one() *device { return w.devices[w.source.IntN(len(w.devices))] }

func (w *court) names() (names []space.DeviceID) {
	for _, d := range w.devices {
		names = append(names, d.key.Device())
	}
	return names
}

func (w *court) step() {
	d, ref := w.one(), w.refs[w.source.IntN(len(w.refs))]
	switch w.source.IntN(26) {
	case 0:
		d.restarts()
		maps.DeleteFunc(w.pens, func(of penOf, _ *pen) bool { return of.device == d })
	case 1:
		d.compacts(ref)
	case 2:
		if err := d.store.CompactWhole(w.t.Context(), ref); err != nil {
			w.t.Fatal(err)
		}
	case 3, 4, 5:
		w.delivers(d)
	case 6, 7:
		if other := w.one(); other != d {
			d.pullsFrom(ref, other, false) // without the log
		}
	case 8, 9:
		if other := w.one(); other != d {
			d.hears(ref.Space, other)
			d.judges(ref.Space)
			d.pulls(ref, other)
			w.pens[penOf{d, ref}] = nil
		}
	case 10:
		d.judges(ref.Space)
	case 11, 12:
		w.decides(d)
	case 13:
		w.imports(d, w.source.IntN(len(w.refs)))
	case 14, 15:
		w.forges(w.source.IntN(len(w.refs)))
	default:
		w.writes(d, ref)
	}
}

// writes commits some changes, whether the device may or not, and posts them.
func (w *court) writes(d *device, ref crdt.Ref) {
	of := penOf{d, ref}
	if w.pens[of] == nil {
		w.pens[of] = d.picksUpQuietly(ref)
	} else if p := w.pens[of]; w.source.IntN(3) == 0 {
		if d.vector(ref)[p.actor] == p.seq {
			p.readsAll(d, ref)
		} else { // what it wrote last does not count
			w.pens[of] = d.picksUpQuietly(ref)
		}
	}
	w.signs(d, ref, w.pens[of])
}

// imports vouches for changes of an actor that is nobody's here.
func (w *court) imports(d *device, which int) {
	ref, p := w.refs[which], w.outside[which]
	if p.seq > 0 && d.vector(ref)[p.actor] != p.seq {
		return // it would be another change under a number that is taken
	}
	p.readsAll(d, ref)
	w.earlier[which] = append(w.earlier[which], *p)
	w.signs(d, ref, p)
}

// forges has somebody whose word is worth nothing write in the place of what
// others brought in, or sign what they did.
func (w *court) forges(which int) {
	ref, forger := w.refs[which], w.forgers[w.source.IntN(len(w.forgers))]
	var changes []chunk.Change
	if points := w.earlier[which]; len(points) > 0 && w.source.IntN(3) > 0 {
		p := points[w.source.IntN(len(points))]
		for range 1 + w.source.IntN(2) {
			changes = append(changes, p.writes(strconv.FormatUint(w.source.Uint64(), 36)))
		}
	} else {
		for _, c := range w.written[ref] {
			if c.Actor == w.outside[which].actor && w.source.IntN(4) == 0 {
				changes = append(changes, c.Change)
			}
		}
	}
	if len(changes) == 0 {
		return
	}
	bundle := crdt.Bundle{}
	for _, c := range changes {
		bundle.Changes = append(bundle.Changes, c.Raw)
		bundle.Signatures = append(bundle.Signatures, crdt.Sign(forger.key, ref, c))
		w.written[ref] = append(w.written[ref], testimony{c, forger.key.Device()})
	}
	w.letters = append(w.letters, letter{ref, bundle, forger})
	w.posted = append(w.posted, letter{ref, bundle, forger})
}

func (w *court) signs(d *device, ref crdt.Ref, p *pen) {
	var changes []chunk.Change
	for range 1 + w.source.IntN(3) {
		changes = append(changes, p.writes(strconv.FormatUint(w.source.Uint64(), 36)))
	}
	bundle := d.bundle(ref, changes...)
	if _, err := d.store.Append(w.t.Context(), ref, bundle, crdt.Local, d.key.Device()); err != nil {
		w.t.Fatal(err)
	}
	for _, c := range changes {
		w.written[ref] = append(w.written[ref], testimony{c, d.key.Device()})
	}
	w.letters = append(w.letters, letter{ref, bundle, d})
	w.posted = append(w.posted, letter{ref, bundle, d})
}

// decides writes an entry, if the device thinks that it may.
func (w *court) decides(d *device) {
	id := w.refs[0].Space
	log := d.log(id)
	other := w.one()
	var entries []space.Entry
	var err error
	switch w.source.IntN(8) {
	case 0, 1:
		if other != w.devices[0] { // somebody has to go on deciding
			entries, err = log.Remove(d.key, other.key.Device(), d.cut(id, other), time.Now())
		}
	case 2, 3:
		if other != w.devices[0] {
			role := space.Role(1 + w.source.IntN(5))
			entries, err = log.SetRole(d.key, other.key.Device(), role, d.cut(id, other), time.Now())
		}
	case 4:
		cut, failed := d.store.Cut(w.t.Context(), id, nil)
		if failed != nil {
			w.t.Fatal(failed)
		}
		entries, err = log.Archive(d.key, !log.Archived(), cut, time.Now())
	case 5:
		entries, err = w.letsIn(d, log)
	default:
		if _, ok := log.Member(other.key.Device()); !ok {
			entries, err = addAgain(d, log, other, space.Role(1+w.source.IntN(3)))
		}
	}
	if err != nil || len(entries) == 0 {
		return // it may not, or there is nothing to decide
	}
	d.says(id, entries, nil)
	if w.source.IntN(2) == 0 {
		d.judges(id)
	}
}

func (w *court) letsIn(d *device, log *space.Log) ([]space.Entry, error) {
	list, err := d.store.Quarantine(log.ID())
	if err != nil {
		w.t.Fatal(err)
	}
	var chosen []crdt.QuarantinedID
	for _, q := range list {
		if q.Admissible && w.source.IntN(3) == 0 {
			chosen = append(chosen, q.ID())
		}
	}
	cut, err := d.store.AdmitCut(w.t.Context(), log.ID(), chosen)
	if err != nil {
		w.t.Fatal(err)
	}
	return log.AdmitChanges(d.key, cut, time.Now())
}

// addAgain writes the entries by which somebody belongs to a space again.
func addAgain(d *device, log *space.Log, other *device, role space.Role) ([]space.Entry, error) {
	invite, secret, err := log.Invite(d.key, space.InviteOptions{Role: role, Uses: 1}, time.Now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	d.says(log.ID(), []space.Entry{invite}, nil)
	code := space.Code{Space: log.ID(), Secret: secret, Inviter: d.key.Device(), Name: log.Name()}
	application, err := space.Apply(other.key, code, other.person())
	if err != nil {
		return nil, err
	}
	join, err := log.Admit(d.key, application, time.Now())
	return []space.Entry{join}, err
}

// delivers hands some letters to a device, in any order, some of them twice.
func (w *court) delivers(to *device) {
	w.source.Shuffle(len(w.letters), func(i, j int) { w.letters[i], w.letters[j] = w.letters[j], w.letters[i] })
	for _, l := range w.letters[:min(len(w.letters), 12)] {
		w.delivered(to, to.takes(l.ref, l.bundle, l.from))
	}
}

func (w *court) delivered(to *device, receipt crdt.Receipt) {
	for _, q := range receipt.Refused {
		if q.Reason.Forged() {
			w.t.Fatalf("%s would turn somebody away: %v", to.name, q)
		}
	}
}

// ends tells everybody everything, and looks at what they make of it.
func (w *court) ends() {
	id := w.refs[0].Space
	for range 3 {
		for _, d := range w.devices {
			for _, other := range w.devices {
				d.hears(id, other)
			}
			d.judges(id)
			for _, ref := range w.refs {
				for _, other := range w.devices {
					if other != d {
						d.pulls(ref, other)
					}
				}
			}
		}
	}
	for _, ref := range w.refs {
		agree(ref, w.devices...)
	}
	// Nobody is told of what strangers wrote, or of what never reached anybody.
	for _, d := range w.devices {
		for _, l := range w.posted {
			w.delivered(d, d.takes(l.ref, l.bundle, l.from))
		}
	}
	log := w.devices[0].log(id)
	for _, ref := range w.refs {
		counts, reasons := reference(log, w.names(), ref, w.written[ref])
		w.t.Logf("%s: %d changes count, %d do not", ref.Part, len(counts), len(reasons))
		for _, d := range w.devices {
			if got := d.history(ref); !maps.Equal(got, counts) {
				w.t.Errorf("%s holds %d changes of %s, and %d count", d.name, len(got), ref.Part, len(counts))
			}
			if words := difference(d.asideOf(ref), reasons); words != "" {
				w.t.Errorf("%s has set aside others of %s: %s", d.name, ref.Part, words)
			}
			if moved := d.settles(ref); moved != 0 {
				w.t.Errorf("%s still moved %d changes of %s", d.name, moved, ref.Part)
			}
		}
		agree(ref, w.devices...)
	}
}

// difference says in what way something that is set aside is not what should be.
func difference(got map[chunk.Hash]crdt.Reason, want map[chunk.Hash][]crdt.Reason) (words string) {
	for hash, reasons := range want {
		if !slices.Contains(reasons, got[hash]) {
			words += fmt.Sprintf("\n%s for %d, not %d", hash, got[hash], reasons)
		}
	}
	for hash, reason := range got {
		if want[hash] == nil {
			words += fmt.Sprintf("\n%s for %d", hash, reason)
		}
	}
	return words
}

// asideOf is what is in quarantine of one part.
func (d *device) asideOf(ref crdt.Ref) map[chunk.Hash]crdt.Reason {
	d.t.Helper()
	list, err := d.store.Quarantine(ref.Space)
	if err != nil {
		d.t.Fatal(err)
	}
	aside := make(map[chunk.Hash]crdt.Reason)
	for _, q := range list {
		if q.Ref == ref {
			aside[q.Hash] = q.Reason
		}
	}
	return aside
}

// reference says what of all changes counts, and why the others do not, by the
// words of docs/formats.md and in no clever way. Where several vouched for a
// change, the reason may be that of any.
func reference(log *space.Log, devices []space.DeviceID, ref crdt.Ref, all []testimony) (counts map[chunk.Hash]bool, reasons map[chunk.Hash][]crdt.Reason) {
	// Who answers for a change: the device its actor belongs to or, where that
	// is nobody's, whoever has signed it or one of that actor above it.
	byHash := make(map[chunk.Hash]chunk.Change)
	for _, c := range all {
		byHash[c.Hash] = c.Change
	}
	var isBelow func(below, above chunk.Hash) bool
	known := make(map[[2]chunk.Hash]bool)
	isBelow = func(below, above chunk.Hash) bool {
		if below == above {
			return true
		}
		pair := [2]chunk.Hash{below, above}
		if answer, ok := known[pair]; ok {
			return answer
		}
		known[pair] = slices.ContainsFunc(byHash[above].Deps, func(dep chunk.Hash) bool { return isBelow(below, dep) })
		return known[pair]
	}
	answering := func(c testimony) (answer []space.DeviceID, owned bool) {
		for _, m := range devices {
			own := space.ActorFor(ref.Space, m, 0)
			if bytes.HasPrefix([]byte(c.Actor), own[:16]) {
				return []space.DeviceID{m}, true
			}
		}
		for _, other := range all {
			if other.Actor == c.Actor && isBelow(c.Hash, other.Hash) {
				answer = append(answer, other.signer)
			}
		}
		return answer, false
	}
	counts = make(map[chunk.Hash]bool)
	for _, c := range all {
		answer, owned := answering(c)
		within := c.Seq <= log.Limit([]byte(c.Actor), ref.Document, ref.Part)
		if owned && within || slices.ContainsFunc(answer, func(d space.DeviceID) bool {
			return log.MayWrite(d, ref.Part) || within && log.WasWriter(d, ref.Part)
		}) {
			counts[c.Hash] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for _, c := range all {
			for _, dep := range c.Deps {
				if counts[c.Hash] && !counts[dep] {
					counts[dep], grown = true, true
				}
			}
		}
	}
	reasons = make(map[chunk.Hash][]crdt.Reason)
	for _, c := range all {
		if counts[c.Hash] {
			continue
		}
		answer, _ := answering(c)
		for _, d := range answer {
			why := crdt.ReasonNoRight
			if slices.Contains(devices, d) {
				why = crdt.ReasonRemoved
			}
			if m, ok := log.Member(d); ok {
				why = crdt.ReasonRole
				if log.Archived() && space.MayWrite(m.Role, ref.Part) {
					why = crdt.ReasonArchived
				}
			}
			reasons[c.Hash] = append(reasons[c.Hash], why)
		}
	}
	return counts, reasons
}
