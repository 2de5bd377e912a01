package badger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Check reads every byte of a directory that nobody has open, changes nothing,
// and reports what is damaged. It fails with ErrWrongKey, or if the files
// cannot be read at all.
func Check(ctx context.Context, o Options, report func(Damage)) error {
	s, err := lookAny(o.Dir, o.Key, func(f finding) { report(f.Damage) })
	if err == nil {
		err = s.surface(ctx)
	}
	if err == nil {
		err = s.depth(ctx)
	}
	if err == nil {
		err = s.checkPointers(ctx)
	}
	if err != nil {
		return fmt.Errorf("check %s: %w", o.Dir, err)
	}
	return nil
}

// lookAny is look for a directory that may not be encrypted yet.
func lookAny(dir string, key []byte, report func(finding)) (*survey, error) {
	s, err := look(dir, key, report)
	if errors.Is(err, errNotEncrypted) {
		return look(dir, nil, report)
	}
	return s, err
}

// checkPointers looks for large values that records point to and that are not
// there. All else was reported before.
func (s *survey) checkPointers(ctx context.Context) error {
	quiet := *s
	quiet.report = func(f finding) {
		for _, one := range s.values {
			if one.name == f.File {
				return
			}
		}
		if filepath.Ext(f.File) == valueSuffix {
			s.report(f)
		}
	}
	m, err := openMerge(ctx, &quiet, false)
	if err != nil {
		return err
	}
	defer m.close()
	return m.each(ctx, func(_, _ []byte) error { return nil })
}

// inspect finds out whether Badger may open a directory: it would take some
// damage for something else and act upon it. What can be put right without
// losing anything is put right. unread says that there was too much in it to
// read it all. It fails with ErrWrongKey, errNotEncrypted or a *DamagedError.
func inspect(o Options) (unread bool, err error) {
	var damages []Damage
	report := func(f finding) {
		if !f.harmless {
			damages = append(damages, f.Damage)
			return
		}
		o.Log.Warn("a file of the store was damaged, nothing is lost", "file", f.File, "offset", f.Offset, "what", f.What)
	}
	s, err := look(o.Dir, o.Key, report)
	if err != nil {
		return false, err
	}
	ctx := context.Background()
	if err := s.surface(ctx); err != nil {
		return false, err
	}
	marker := filepath.Join(o.Dir, checkFile)
	_, err = os.Stat(marker)
	suspect := err == nil
	if unread = !suspect && s.deep() > inspectAll; !unread {
		if err := s.depth(ctx); err != nil {
			return false, err
		}
	}
	if len(damages) > 0 {
		return false, &DamagedError{damages}
	}
	for name, data := range s.restore {
		if err := replace(filepath.Join(o.Dir, name), data); err != nil {
			return false, fmt.Errorf("restore %s: %w", name, full(err))
		}
	}
	for _, name := range s.empty {
		// Badger cannot open a log that it had no time to remove.
		if err := os.Remove(filepath.Join(o.Dir, name)); err != nil {
			return false, err
		}
	}
	if suspect {
		return unread, os.Remove(marker)
	}
	return unread, nil
}

// inspectAll is the size of tables and full logs up to which they are read in
// full before they are opened, which takes as long as a person does not notice.
const inspectAll = 32 << 20

// Salvage copies everything that can be read from a damaged directory that
// nobody has open into a new one, and changes nothing in the first. A flipped
// bit is put right where its checksum shows which one it is. It returns how
// many records there were.
func Salvage(ctx context.Context, from, to Options, report func(Damage)) (records int, err error) {
	entries, err := os.ReadDir(to.Dir)
	if err == nil && len(entries) > 0 {
		return 0, fmt.Errorf("salvage into %s: there is something in it", to.Dir)
	}
	s, err := lookAny(from.Dir, from.Key, func(f finding) { report(f.Damage) })
	if err != nil {
		return 0, fmt.Errorf("salvage %s: %w", from.Dir, err)
	}
	m, err := openMerge(ctx, s, true)
	if err != nil {
		return 0, fmt.Errorf("salvage %s: %w", from.Dir, err)
	}
	defer m.close()
	target, err := create(to)
	if err != nil {
		return 0, fmt.Errorf("salvage into %s: %w", to.Dir, err)
	}
	err = m.each(ctx, func(key, value []byte) error {
		records++
		return target.add(key, value)
	})
	if err != nil {
		return records, fmt.Errorf("salvage %s: %w", from.Dir, errors.Join(err, target.abandon()))
	}
	if err := target.finish(); err != nil {
		return records, fmt.Errorf("salvage into %s: %w", to.Dir, err)
	}
	return records, nil
}
