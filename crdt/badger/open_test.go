package badger_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parley/crdt"
	"parley/crdt/badger"
)

// Opening a damaged directory says so, names the file, and changes nothing;
// what can be put right without a loss is put right.
func TestOpeningWhatIsDamaged(t *testing.T) {
	for state, o := range stores(t) {
		for _, name := range files(t, o.Dir) {
			switch filepath.Ext(name) {
			case ".sst", ".mem", ".vlog":
				data, err := os.ReadFile(filepath.Join(o.Dir, name))
				try(t, err)
				end := len(strings.TrimRight(string(data), "\x00"))
				if end <= 20 {
					continue
				}
				t.Run(state+"/"+name, func(t *testing.T) {
					p := place{name, int64(end) / 3, 3}
					p.flip(t, o.Dir)
					if ext := filepath.Ext(name); ext == ".sst" && len(check(t, o)) == 0 {
						return // a compressed block can say the same in another way
					}
					_, err := badger.Open(o)
					var damaged *badger.DamagedError
					if !errors.As(err, &damaged) || !errors.Is(err, crdt.ErrDamaged) {
						t.Fatalf("opened: %v", err)
					}
					named(t, damaged.Damages, name)
				})
			}
		}
		t.Run(state+"/as it was", func(t *testing.T) { holds(t, o, stored()) })
	}
}

// The small files that everything depends on are restored by themselves.
func TestRestoredByItself(t *testing.T) {
	o := badger.Options{Dir: filepath.Join(t.TempDir(), "store"), Key: storeKey, Log: quiet}
	try(t, writeStore(t, o).Close())
	lost := func(name string) func(t *testing.T) {
		return func(t *testing.T) { try(t, os.Remove(filepath.Join(o.Dir, name))) }
	}
	overwritten := func(name string) func(t *testing.T) {
		return func(t *testing.T) { try(t, os.WriteFile(filepath.Join(o.Dir, name), make([]byte, 200), 0o600)) }
	}
	for name, happens := range map[string]func(t *testing.T){
		"the key registry is lost":             lost("KEYREGISTRY"),
		"the key registry is overwritten":      overwritten("KEYREGISTRY"),
		"its copy is lost":                     lost("KEYREGISTRY-COPY"),
		"its copy is overwritten":              overwritten("KEYREGISTRY-COPY"),
		"a bit of the key registry is flipped": func(t *testing.T) { place{"KEYREGISTRY", 50, 2}.flipForGood(t, o.Dir) },
		"a bit of its head is flipped":         func(t *testing.T) { place{"KEYREGISTRY", 3, 2}.flipForGood(t, o.Dir) },
		"a bit of MANIFEST is flipped":         func(t *testing.T) { place{"MANIFEST", 30, 5}.flipForGood(t, o.Dir) },
		"the counts make no sense":             overwrite(o.Dir, "DISCARD", 16, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff"),
	} {
		t.Run(name, func(t *testing.T) {
			happens(t)
			if found := check(t, o); len(found) == 0 && name != "its copy is lost" {
				t.Error("nobody noticed")
			}
			holds(t, o, stored())
			if found := check(t, o); len(found) != 0 {
				t.Errorf("after opening: %v", found)
			}
			if _, err := badger.Open(badger.Options{Dir: o.Dir, Key: make([]byte, badger.KeySize), Log: quiet}); !errors.Is(err, badger.ErrWrongKey) {
				t.Errorf("with another key: %v", err)
			}
		})
	}
}

func (p place) flipForGood(t *testing.T, dir string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, p.file))
	try(t, err)
	data[p.at] ^= 1 << p.bit
	try(t, os.WriteFile(filepath.Join(dir, p.file), data, 0o600))
}

func overwrite(dir, name string, at int64, with string) func(t *testing.T) {
	return func(t *testing.T) {
		t.Helper()
		file, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR, 0)
		try(t, err)
		_, err = file.WriteAt([]byte(with), at)
		try(t, errors.Join(err, file.Close()))
	}
}

// What is lost when more than a bit is damaged: the records that were there.
// They are named, and all others are saved.
func TestAWholeSectorIsLost(t *testing.T) {
	want := stored()
	for state, o := range stores(t) {
		for _, name := range files(t, o.Dir) {
			ext := filepath.Ext(name)
			path := filepath.Join(o.Dir, name)
			data, err := os.ReadFile(path)
			try(t, err)
			end := int64(len(strings.TrimRight(string(data), "\x00")))
			if ext != ".sst" && ext != ".mem" && ext != ".vlog" || end < 8192 {
				continue
			}
			sectors := []int64{end / 2 &^ 511, 0, (end - 600) &^ 511}
			if testing.Short() {
				sectors = sectors[:1]
			}
			for _, at := range sectors {
				t.Run(state+"/"+name, func(t *testing.T) {
					t.Cleanup(func() { try(t, os.WriteFile(path, data, 0o600)) })
					overwrite(o.Dir, name, at, string(noise(int(at), 512)))(t)
					named(t, check(t, o), name)
					got, found := salvage(t, o)
					named(t, found, name)
					lost := 0
					for key, value := range want {
						switch got[key] {
						case value:
						case "":
							lost++
						default:
							if !older(key, got[key]) {
								t.Fatalf("%s is %.40q", key, got[key])
							}
							lost++
						}
					}
					// A table's end has its index, a log's beginning its key.
					whole := ext == ".sst" && at > end/2 || ext != ".sst" && at == 0
					if lost > 200 && !whole {
						t.Errorf("%d records are lost with 512 bytes", lost)
					}
				})
			}
		}
	}
}

// older reports whether a value is what a record was before.
func older(key, value string) bool { return records(3000)[key] == value }

// A file that is not there is missed.
func TestMissingFiles(t *testing.T) {
	want := stored()
	for state, o := range stores(t) {
		tried := make(map[string]bool)
		for _, name := range files(t, o.Dir) {
			ext := filepath.Ext(name)
			if ext != ".sst" && ext != ".vlog" && name != "MANIFEST" {
				continue
			}
			path := filepath.Join(o.Dir, name)
			if info, err := os.Stat(path); err != nil || info.Size() <= 20 || testing.Short() && tried[ext] {
				continue
			}
			tried[ext] = true
			t.Run(state+"/"+name, func(t *testing.T) {
				try(t, os.Rename(path, path+".away"))
				t.Cleanup(func() { try(t, os.Rename(path+".away", path)) })
				if data, err := os.ReadFile(path + ".away"); filepath.Ext(name) == ".vlog" &&
					(err != nil || len(strings.TrimRight(string(data), "\x00")) <= 20) {
					return // nothing was in it
				}
				named(t, check(t, o), name)
				got, _ := salvage(t, o)
				for key, value := range got {
					if want[key] != value && !older(key, value) {
						t.Fatalf("%s is %.40q", key, value)
					}
				}
			})
		}
	}
}

// While a store is open, what a table or a log cannot give any more is missed,
// and named; the rest can be read.
func TestReadingWhatIsDamagedMeanwhile(t *testing.T) {
	o := badger.Options{Dir: filepath.Join(t.TempDir(), "store"), Key: storeKey, Log: quiet}
	try(t, writeStore(t, o).Close())
	want := stored()
	for _, name := range files(t, o.Dir) {
		ext := filepath.Ext(name)
		info, err := os.Stat(filepath.Join(o.Dir, name))
		if err != nil || ext != ".sst" && ext != ".vlog" || info.Size() <= 20 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			b := opens(t, o)
			try(t, b.Expire())
			place{name, info.Size() / 2, 4}.flip(t, o.Dir)
			var found []badger.Damage
			try(t, b.Check(t.Context(), func(d badger.Damage) { found = append(found, d) }))
			named(t, found, name)
			lost, read := 0, 0
			try(t, b.View(func(r crdt.Reader) error {
				for key, value := range want {
					got, err := r.Get([]byte(key))
					var damaged *badger.DamagedError
					switch {
					case err == nil && string(got) == value:
						read++
					case errors.Is(err, crdt.ErrDamaged) && errors.As(err, &damaged):
						named(t, damaged.Damages, name)
						lost++
					default:
						t.Fatalf("%s: %.40q, %v", key, got, err)
					}
				}
				return nil
			}))
			if lost == 0 || lost > 100 {
				t.Errorf("%d records are lost, %d can be read", lost, read)
			}
			err := b.View(func(r crdt.Reader) error {
				return r.Scan([]byte("key/"), nil, func(key, value []byte) (bool, error) {
					if want[string(key)] != string(value) {
						t.Fatalf("%s is %.40q", key, value)
					}
					return true, nil
				})
			})
			if !errors.Is(err, crdt.ErrDamaged) || !strings.Contains(err.Error(), name) {
				t.Errorf("read to the end: %v", err)
			}
			if err := b.Collect(); ext == ".sst" && !errors.Is(err, crdt.ErrDamaged) {
				t.Errorf("rewrote what is damaged: %v", err)
			}
			try(t, b.Close())
			if _, err := badger.Open(o); !errors.Is(err, crdt.ErrDamaged) {
				t.Errorf("opened again: %v", err)
			}
		})
	}
	holds(t, o, want)
}

// Badger empties a log before it removes it, and cannot open it when it is
// killed in between.
func TestEmptiedLogs(t *testing.T) {
	o := badger.Options{Dir: filepath.Join(t.TempDir(), "store"), Key: storeKey, Log: quiet}
	try(t, writeStore(t, o).Close())
	for _, name := range []string{"00001.mem", "000077.vlog"} {
		try(t, os.WriteFile(filepath.Join(o.Dir, name), nil, 0o600))
	}
	holds(t, o, stored())
}

// A process that is killed while it copies a large value into a log leaves what
// is no entry, and it is no damage.
func TestKilledWhileALargeValueWasCopied(t *testing.T) {
	killed := stores(t)["killed"]
	logs, err := filepath.Glob(filepath.Join(killed.Dir, "*.vlog"))
	try(t, err)
	newest := slices.Max(logs)
	data, err := os.ReadFile(newest)
	try(t, err)
	end := int64(len(strings.TrimRight(string(data), "\x00")))
	entry := binary.AppendUvarint(binary.AppendUvarint([]byte{0, 0}, 30), 100_000)
	entry = append(append(entry, 0), noise(1, 60_000)...) // not all of it
	clear(entry[:32-end%32])
	overwrite(killed.Dir, filepath.Base(newest), end, string(entry))(t)
	holds(t, killed, stored()) // opening fails where anything is damaged
	if found := check(t, killed); len(found) > 0 {
		t.Errorf("once opened, found %v", found)
	}
}
