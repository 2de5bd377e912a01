package app

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"parley/crdt"
	"parley/space"
)

// backupCheck finds out whether all that a backup holds can be what it says.
// Errors wrap errBackupDamaged, crdt.ErrDamaged or crdt.ErrNewer.
type backupCheck struct {
	header  backupHeader
	files   map[string]bool
	records *crdt.RecordCheck
}

func newBackupCheck() *backupCheck {
	return &backupCheck{files: make(map[string]bool), records: crdt.NewRecordCheck()}
}

func (c *backupCheck) visitor() backupVisitor {
	return backupVisitor{
		header: func(h backupHeader) error {
			c.header = h
			return nil
		},
		file:   c.file,
		record: c.records.Add,
	}
}

// The files of a data directory that a backup may hold, by their names there.
var backupFiles = map[string]func(content []byte, of backupHeader) error{
	nameOf(Locations.DeviceKey): checkBackupKey,
	nameOf(Locations.Settings):  checkBackupJSON[settings],
	nameOf(Locations.Addresses): checkBackupJSON[json.RawMessage],
}

// nameOf is what a file is called in any data directory.
func nameOf(path func(Locations) string) string { return filepath.Base(path(Locations{})) }

func (c *backupCheck) file(name string, content []byte) error {
	check, known := backupFiles[name]
	if !known || c.files[name] {
		return fmt.Errorf("%w: it has no place for a file %q", errBackupDamaged, name)
	}
	c.files[name] = true
	if err := check(content, c.header); err != nil {
		return fmt.Errorf("%w: %s: %w", errBackupDamaged, name, err)
	}
	return nil
}

func checkBackupKey(content []byte, of backupHeader) error {
	seed, err := parseKey(content)
	if err != nil {
		return err
	}
	if device := space.KeyFromSeed(seed).Device().String(); device != of.Device {
		return fmt.Errorf("it is the key of %s, and not of %s", device, of.Device)
	}
	return nil
}

func checkBackupJSON[T any](content []byte, _ backupHeader) error {
	var value T
	return json.Unmarshal(content, &value)
}

func (c *backupCheck) end() error {
	if !c.files[nameOf(Locations.DeviceKey)] {
		return fmt.Errorf("%w: the device key is missing", errBackupDamaged)
	}
	return c.records.End()
}

// progress says every now and then how much is done.
type progress struct {
	tell  func(sentence string)
	words string // with one %s, for the amount
	bytes int64
	last  time.Time
}

// ProgressEvery is how often somebody who waits is told.
const ProgressEvery = 2 * time.Second

func newProgress(tell func(string), words string) *progress {
	return &progress{tell: tell, words: words, last: time.Now()}
}

func (p *progress) add(bytes int) {
	p.bytes += int64(bytes)
	if time.Since(p.last) >= ProgressEvery {
		p.last = time.Now()
		p.tell(fmt.Sprintf(p.words, Amount(p.bytes)))
	}
}

// Amount is a number of bytes for a person.
func Amount(bytes int64) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%d bytes", bytes)
	case bytes < 1000_000:
		return fmt.Sprintf("%.0f kB", float64(bytes)/1000)
	case bytes < 1000_000_000:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1000_000)
	}
	return fmt.Sprintf("%.2f GB", float64(bytes)/1000_000_000)
}
