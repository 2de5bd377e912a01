package crdt_test

import (
	"context"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
)

// This is about what may be shown, whatever else is done with the part.

func TestACompactionShowsNothingThatVettingWouldNot(t *testing.T) {
	ada, ben, ref, _ := aText(t)
	his := ben.picksUp(ref)
	bad := his.puts("kind", "index")
	ada.takes(ref, ben.bundle(ref, bad), ben)
	ada.compacts(ref)
	if got := ada.quarantined(ref.Space)[bad.Hash]; got != crdt.ReasonNonsense {
		t.Fatalf("it was set aside for %v", got)
	}
	if text, position := ada.shown(ref); text != "hello" || position != ada.moved(ref) {
		t.Fatalf("%q is shown, through %d", text, position)
	}
}

// puts is a change that writes a field of ROOT, as if nothing were there yet.
func (p *pen) puts(field, value string) chunk.Change {
	p.t.Helper()
	return p.does(chunk.Op{Key: chunk.Key{Name: field, IsName: true}, Action: chunk.Put, Value: chunk.String(value)})
}

// patient is a materializer that vets only once it is let.
type patient struct {
	*materialize.Child
	asked, let chan struct{}
}

func (s *patient) Vet(ctx context.Context, chunks [][]byte) (chunk.Report, error) {
	close(s.asked)
	<-s.let
	return s.Child.Vet(ctx, chunks)
}

func TestWhoClosesADocumentWaitsForNobodyWhoVetsIt(t *testing.T) {
	ada, ben, ref, birth := aText(t)
	child := &patient{materialize.New(materialize.Options{}), make(chan struct{}), make(chan struct{})}
	t.Cleanup(func() { _ = child.Close() })
	ada.options.Materializer = child
	ada.restarts()
	ada.takes(ref, ben.bundle(ref, ben.picksUp(ref).letter(birth, "a")), ben)
	vetted := make(chan error)
	go func() {
		_, err := ada.store.Vetted(t.Context(), ref)
		vetted <- err
	}()
	<-child.asked
	hide := ada.store.Show(ref)
	hide() // does not come back if it waits
	hide()
	close(child.let)
	if err := <-vetted; err != nil {
		t.Fatal(err)
	}
}

// sessions is a materializer that counts the documents which it holds open.
type sessions struct {
	*materialize.Child
	open    int // the store asks for one document at a time here
	opening func()
}

func (s *sessions) Open(ctx context.Context, chunks [][]byte) (uint64, error) {
	s.open++
	s.opening()
	return s.Child.Open(ctx, chunks)
}

func (s *sessions) CloseSession(number uint64) {
	s.open--
	s.Child.CloseSession(number)
}

func TestADocumentThatIsHiddenWhileItIsVettedIsNotHeldOpen(t *testing.T) {
	ada, ben, ref, birth := aText(t)
	child := &sessions{Child: materialize.New(materialize.Options{})}
	t.Cleanup(func() { _ = child.Close() })
	ada.options.Materializer = child
	ada.restarts()
	ada.takes(ref, ben.bundle(ref, ben.picksUp(ref).letter(birth, "a")), ben)
	child.opening = ada.store.Show(ref)
	ada.vets(ref)
	if child.open != 0 {
		t.Fatalf("%d documents are held open that nobody shows", child.open)
	}
	if text, _ := ada.shown(ref); text != "a\nhello" {
		t.Fatalf("%q is shown", text)
	}
}

func TestAHealedPartIsShownAsItWasUntilItIsVetted(t *testing.T) {
	ada := newDevice(t, "Ada").understands()
	ref := ada.founds()
	ada.commits(ref, ada.picksUp(ref).writesMany(10)...)
	position := ada.vets(ref)
	var newest record
	for _, r := range ofPart(ada.backsUp(), ref) {
		if r.key[33] == 'd' && r.key[51] == 'c' {
			newest = r
		}
	}
	ada.damages(crdt.Op{Key: newest.key, Value: []byte{0xff}})
	if err := ada.store.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
	chunks, next, anew, err := ada.store.AfterVetted(ref, position)
	if err != nil || len(chunks) != 0 || next != position || anew {
		t.Fatalf("%d chunks, %d, anew %v, %v before it is vetted", len(chunks), next, anew, err)
	}
	through := ada.vets(ref)
	chunks, next, anew, err = ada.store.AfterVetted(ref, position)
	if err != nil || len(chunks) != 9 || next != through || !anew {
		t.Fatalf("%d chunks, %d, anew %v, %v", len(chunks), next, anew, err)
	}
}
