package space

import (
	"fmt"
	"testing"
	"time"
)

// largeLog is a space of so many entries, a fifth of which let members in, some
// of them concurrent.
func largeLog(b testing.TB, length int) (entries [][]byte, key Key) {
	b.Helper()
	rand := newSource(1)
	key, _ = GenerateKey(rand)
	log, _, err := Found(key, "Riverside", Person{Name: "Ada"}, noon, rand)
	if err != nil {
		b.Fatal(err)
	}
	keys := []Key{key}
	var code Code
	for log.Len() < length {
		i := log.Len()
		var batch [][]byte
		add := func(e Entry, err error) {
			if err != nil {
				b.Fatal(err)
			}
			batch = append(batch, e.Raw)
		}
		switch {
		case i%50 == 1:
			e, secret, err := log.Invite(key, InviteOptions{Role: Editor, Uses: MaxUses}, noon, rand)
			add(e, err)
			code = Code{Space: log.ID(), Secret: secret}
		case i%5 == 2:
			newcomer, _ := GenerateKey(rand)
			application, err := Apply(newcomer, code, Person{Name: fmt.Sprint("member ", i)})
			if err != nil {
				b.Fatal(err)
			}
			add(log.Admit(keys[i%len(keys)], application, noon))
			keys = append(keys, newcomer)
		default:
			for n := range 3 {
				add(log.SetPerson(keys[(i*7+n)%len(keys)], Person{Name: fmt.Sprint("name ", i, n)}, noon))
			}
		}
		if _, _, err := log.Add(batch...); err != nil {
			b.Fatal(err)
		}
	}
	return log.Entries(), key
}

func BenchmarkOpen5000(b *testing.B) {
	entries, _ := largeLog(b, 5000)
	b.ResetTimer()
	for range b.N {
		if _, err := Open(entries); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAddOneTo5000(b *testing.B) {
	entries, key := largeLog(b, 5000)
	log, err := Open(entries)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		e, err := log.SetPerson(key, Person{Name: "Ada"}, noon.Add(time.Duration(b.N)*time.Second))
		if err != nil {
			b.Fatal(err)
		}
		if log.Len() > 6000 {
			if log, err = Open(entries); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		if _, _, err := log.Add(e.Raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAddOneBesides5000 adds an entry whose author knew little: the
// whole log is evaluated again.
func BenchmarkAddOneBesides5000(b *testing.B) {
	entries, key := largeLog(b, 5000)
	short, err := Open(entries[:2])
	if err != nil {
		b.Fatal(err)
	}
	log, err := Open(entries)
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		b.StopTimer()
		i++
		e, err := short.SetPerson(key, Person{Name: fmt.Sprint("Ada ", i)}, noon)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, _, err := log.Add(e.Raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMayWrite(b *testing.B) {
	entries, key := largeLog(b, 5000)
	log, err := Open(entries)
	if err != nil {
		b.Fatal(err)
	}
	device := key.Device()
	for b.Loop() {
		if !log.MayWrite(device, Body) {
			b.Fatal("may not write")
		}
	}
}
