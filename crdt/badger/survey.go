package badger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// survey is what is in a directory that no Badger has open.
type survey struct {
	dir      string
	registry registry
	manifest manifest
	restore  map[string][]byte // files that can be put right, and how
	tables   []numbered        // as far as they count
	writes   []numbered        // logs of writes, oldest first
	values   []numbered        // logs of large values, oldest first
	empty    []string          // logs that Badger had emptied, and not removed yet, when it ended
	report   func(finding)
}

// numbered is a file whose name is a number and says what is in it.
type numbered struct {
	name string
	id   uint64
}

const (
	tableSuffix = ".sst"
	writeSuffix = ".mem"
	valueSuffix = ".vlog"
)

// look reads what says how everything else has to be read. It fails with
// ErrWrongKey.
func look(dir string, key []byte, report func(finding)) (*survey, error) {
	s := &survey{dir: dir, report: report, restore: map[string][]byte{}}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var tables []numbered
	for _, one := range entries {
		for suffix, list := range map[string]*[]numbered{tableSuffix: &tables, writeSuffix: &s.writes, valueSuffix: &s.values} {
			base, ok := strings.CutSuffix(one.Name(), suffix)
			if !ok {
				continue
			}
			info, err := one.Info()
			if err != nil {
				return nil, err
			}
			if info.Size() == 0 && suffix != tableSuffix {
				s.empty = append(s.empty, one.Name())
				continue
			}
			id, err := strconv.ParseUint(base, 10, 32)
			if err != nil {
				s.finder(one.Name()).damaged(0, "this is no name of a file of the store")
				continue
			}
			*list = append(*list, numbered{one.Name(), id})
		}
	}
	for _, list := range [][]numbered{tables, s.writes, s.values} {
		sortLogs(list)
	}
	fresh := len(tables)+len(s.writes)+len(s.values) == 0
	if err := s.lookAtRegistry(key, fresh); err != nil {
		return nil, err
	}
	if err := s.lookAtManifest(tables, fresh); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *survey) finder(file string) finder { return finder{file, s.report} }

func (s *survey) lookAtRegistry(key []byte, fresh bool) error {
	r, restore, err := findRegistry(s.dir, key, s.report)
	if err != nil {
		return err
	}
	s.registry = r
	if restore != nil {
		s.restore[registryFile] = restore
	}
	switch {
	case r.by != lockedByOther:
		if r.by == lockedByKey || key == nil {
			return nil
		}
		return errNotEncrypted
	case fresh && len(r.sound) == 0:
		return nil
	case len(r.sound) == 0:
		s.finder(registryFile).damaged(0, "it is missing, and with it the keys to everything")
		return nil
	}
	return ErrWrongKey
}

// errNotEncrypted is what look fails with where a key is given and none is
// needed.
var errNotEncrypted = errors.New("the store is not encrypted")

func (s *survey) lookAtManifest(tables []numbered, fresh bool) error {
	found := s.finder(manifestFile)
	data, err := os.ReadFile(filepath.Join(s.dir, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		if !fresh {
			found.damaged(0, "it is missing")
		}
		s.tables = tables
		return nil
	}
	if err != nil {
		return err
	}
	var findings []finding
	found.report = func(f finding) { findings = append(findings, f) }
	s.manifest = readManifest(data, found)
	if s.manifest.whole && s.manifest.mended {
		s.restore[manifestFile] = s.manifest.sound
	}
	for _, f := range findings {
		f.harmless = s.manifest.whole
		s.report(f)
	}
	there := map[uint64]bool{}
	for _, one := range tables {
		_, named := s.manifest.tables[one.id]
		there[one.id] = true
		// What a whole MANIFEST does not name is the trace of a crash.
		if named || !s.manifest.whole && !s.manifest.gone[one.id] {
			s.tables = append(s.tables, one)
		}
	}
	for id := range s.manifest.tables {
		if !there[id] {
			s.finder(fmt.Sprintf("%06d%s", id, tableSuffix)).damaged(0, "it is missing")
		}
	}
	return nil
}

func sortLogs(list []numbered) {
	slices.SortFunc(list, func(a, b numbered) int { return int(a.id) - int(b.id) })
}

// listLogs lists the files of a directory with a suffix, oldest first.
func listLogs(dir, suffix string) (list []numbered, err error) {
	entries, err := os.ReadDir(dir)
	for _, one := range entries {
		if base, ok := strings.CutSuffix(one.Name(), suffix); ok {
			if id, err := strconv.ParseUint(base, 10, 32); err == nil {
				list = append(list, numbered{one.Name(), id})
			}
		}
	}
	sortLogs(list)
	return list, err
}

// openTable opens a table and reads its index. The reader is nil where that
// cannot be done, which is reported.
func (s *survey) openTable(one numbered) (*tableReader, *os.File, error) {
	file, size, err := openFile(filepath.Join(s.dir, one.name))
	if err != nil {
		return nil, nil, err
	}
	info, named := s.manifest.tables[one.id]
	if !named {
		info = tableInfo{compression: compression}
	}
	t := &tableReader{file: file, packed: info.compression, memory: new(memory), found: s.finder(one.name)}
	if info.keyID != 0 {
		if t.key = s.registry.keys[info.keyID]; t.key == nil {
			t.found.damaged(0, "data key %d, which it is encrypted with, is not known", info.keyID)
			return nil, file, nil
		}
	}
	if !named && s.guessKey(t, size) || named && t.readIndex(size) == nil {
		return t, file, nil
	}
	return nil, file, nil
}

// guessKey finds the data key of a table that MANIFEST no longer speaks of.
func (s *survey) guessKey(t *tableReader, size int64) bool {
	said := t.found
	defer func() { t.found = said }()
	for _, key := range s.registry.keys {
		t.key, t.cipher, t.found.report = key, nil, func(finding) {}
		if t.readIndex(size) == nil {
			return true
		}
	}
	t.key, t.cipher, t.found = nil, nil, said
	return t.readIndex(size) == nil
}

func openFile(path string) (*os.File, int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// openLog opens a log. open: it may end in the middle of an entry.
func (s *survey) openLog(one numbered, kind logKind) (*logReader, *os.File, error) {
	file, size, err := openFile(filepath.Join(s.dir, one.name))
	if err != nil {
		return nil, nil, err
	}
	return &logReader{file: file, size: size, kind: kind, keys: s.registry.keys, found: s.finder(one.name)}, file, nil
}

func valueName(id uint64) string { return fmt.Sprintf("%06d%s", id, valueSuffix) }

// kindOf says what may be at the end of a log of values.
func (s *survey) kindOf(one numbered) logKind {
	if one == s.values[len(s.values)-1] {
		return logOpen
	}
	return logSealed
}

// surface looks at all that Badger reads, and may take for something else, when
// it opens the directory.
func (s *survey) surface(ctx context.Context) error {
	// Their numbers may have gaps: Badger removes a log that it finds empty when
	// it opens the directory, and may be killed before it has removed the ones
	// before.
	for _, one := range s.writes {
		if err := s.checkLog(ctx, one, logOpen); err != nil {
			return err
		}
	}
	for _, one := range s.values {
		if err := s.checkHead(ctx, one); err != nil {
			return err
		}
	}
	if err := s.checkDiscard(); err != nil {
		return err
	}
	for _, one := range s.tables {
		_, file, err := s.openTable(one)
		if err != nil {
			return err
		}
		file.Close()
	}
	return ctx.Err()
}

// depth looks at the rest: the logs of values that are full, and the tables'
// blocks. It takes two goroutines, as that is what decrypting waits for.
func (s *survey) depth(ctx context.Context) error {
	var (
		mu    sync.Mutex
		quiet = *s
		work  = make(chan func() error)
		ends  = make(chan error)
	)
	quiet.report = func(f finding) {
		mu.Lock()
		defer mu.Unlock()
		s.report(f)
	}
	for range 2 {
		go func() {
			var failed error
			for do := range work {
				failed = errors.Join(failed, do())
			}
			ends <- failed
		}()
	}
	for _, one := range s.values[:max(0, len(s.values)-1)] {
		work <- func() error { return quiet.checkLog(ctx, one, logSealed) }
	}
	for _, one := range s.tables {
		work <- func() error { return quiet.checkBlocks(ctx, one) }
	}
	close(work)
	return errors.Join(<-ends, <-ends)
}

// checkHead reads as much of a log of values as shows that its head is right,
// and the newest one, which Badger cuts off where it cannot read on, whole.
func (s *survey) checkHead(ctx context.Context, one numbered) error {
	kind := s.kindOf(one)
	if kind == logOpen {
		return s.checkLog(ctx, one, kind)
	}
	r, file, err := s.openLog(one, kind)
	if err != nil {
		return err
	}
	defer file.Close()
	if ok, err := r.plausibleHead(); ok || err != nil {
		return err
	}
	return r.prepare()
}

func (s *survey) checkLog(ctx context.Context, one numbered, kind logKind) error {
	r, file, err := s.openLog(one, kind)
	if err != nil {
		return err
	}
	defer file.Close()
	return r.read(false, func(entry) error { return ctx.Err() })
}

func (s *survey) checkBlocks(ctx context.Context, one numbered) error {
	mute := *s
	mute.report = func(finding) {} // surface has said what is wrong with the index
	t, file, err := mute.openTable(one)
	if err != nil {
		return err
	}
	defer file.Close()
	if t == nil {
		return nil
	}
	t.found = s.finder(one.name)
	for _, b := range t.blocks {
		if err := t.verify(b); err != nil {
			t.found.damaged(b.offset, "%v", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// deep is how many bytes depth has to read.
func (s *survey) deep() (total int64) {
	for _, list := range [][]numbered{s.tables, s.values[:max(0, len(s.values)-1)]} {
		for _, one := range list {
			if info, err := os.Stat(filepath.Join(s.dir, one.name)); err == nil {
				total += info.Size()
			}
		}
	}
	return total
}
