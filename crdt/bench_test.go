package crdt_test

import (
	"sync"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// BenchmarkCommit is a keystroke's way to the disk: signed, appended, synced.
func BenchmarkCommit(b *testing.B) {
	ada := newDevice(b, "Ada")
	ref := ada.founds()
	pen := ada.picksUp(ref)
	for b.Loop() {
		b.StopTimer()
		c := pen.writes("a")
		b.StartTimer()
		ada.commits(ref, c)
	}
}

// BenchmarkCommitEightWindows has eight windows commit to eight documents.
func BenchmarkCommitEightWindows(b *testing.B) {
	ada := newDevice(b, "Ada")
	ref := ada.founds()
	changes := make([][]chunk.Change, 8)
	for i := range changes {
		ref := ref
		ref.Document[5] = byte(i)
		pen := ada.picksUp(ref)
		for range b.N/8 + 1 {
			changes[i] = append(changes[i], pen.writes("a"))
		}
	}
	b.ResetTimer()
	var wait sync.WaitGroup
	for i := range changes {
		wait.Go(func() {
			ref := ref
			ref.Document[5] = byte(i)
			for _, c := range changes[i] {
				receipt, err := ada.store.Append(b.Context(), ref, ada.bundle(ref, c), crdt.Local, ada.key.Device())
				if err != nil || receipt.Accepted != 1 {
					b.Errorf("%+v, %v", receipt, err)
				}
			}
		})
	}
	wait.Wait()
}

// BenchmarkAppendRemote is a peer's change to a document that is not in
// memory.
func BenchmarkAppendRemote(b *testing.B) {
	ada, ben := newDevice(b, "Ada"), newDevice(b, "Ben")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	const documents = 200 // more than stay in memory
	pens := make([]*pen, documents)
	for i := range pens {
		pens[i] = &pen{t: b, actor: chunk.Actor(actorOf(ref, ada))}
	}
	i := 0
	for b.Loop() {
		b.StopTimer()
		i++
		ref := ref
		ref.Document[5], ref.Document[6] = byte(i%documents), 1
		bundle := ada.bundle(ref, pens[i%documents].writes("a"))
		b.StartTimer()
		if got := ben.takes(ref, bundle, ada); got.Accepted != 1 {
			b.Fatalf("%+v", got)
		}
	}
}

// BenchmarkAppendDuplicate is a change that is here already.
func BenchmarkAppendDuplicate(b *testing.B) {
	ada := newDevice(b, "Ada")
	ref := ada.founds()
	bundle := ada.bundle(ref, ada.picksUp(ref).writes("a"))
	ada.takes(ref, bundle, ada)
	for b.Loop() {
		ada.takes(ref, bundle, ada)
	}
}

func actorOf(ref crdt.Ref, d *device) string {
	actor := space.ActorFor(ref.Space, d.key.Device(), 0)
	return string(actor[:])
}

// BenchmarkJudgeAnew is a change of who may write, in a space of some documents
// of which nothing has to go: what each of them costs.
func BenchmarkJudgeAnew(b *testing.B) {
	ada, ben := newDevice(b, "Ada"), newDevice(b, "Ben")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	const documents = 500
	for i := range documents {
		ref := ref
		ref.Document[5], ref.Document[6] = byte(i), byte(i>>8)
		ada.commits(ref, ada.picksUp(ref).writes("a"))
	}
	ada.judges(ref.Space)
	roles := []space.Role{space.Editor, space.Annotator}
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		ada.makes(ref.Space, ben, roles[(i+1)%2])
		b.StartTimer()
		ada.judges(ref.Space)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*documents), "ns/document")
}
