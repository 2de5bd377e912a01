// Package badger keeps crdt's records in Badger, on disk. It is the only
// importer of Badger.
package badger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"parley/crdt"
)

var (
	// ErrInUse is what Open fails with while another process, or another
	// Backend of this one, has the directory open.
	ErrInUse = errors.New("this data directory is in use by another Parley")

	// ErrNotWritable is what Open fails with when nothing can be written into
	// the directory.
	ErrNotWritable = errors.New("this data directory cannot be written to")

	// ErrWrongKey is what Open fails with when the directory is encrypted with
	// another key than the one given, or with one and none is given. Nothing
	// was changed.
	ErrWrongKey = errors.New("this key does not open the store")
)

// Backend is a directory of Badger's files.
type Backend struct {
	db    *badger.DB
	dir   string
	key   []byte
	log   *slog.Logger
	guard *guard
	held  *os.File // the lock on the directory, nil for one that nobody else knows of

	writing, written atomic.Int64  // bytes: under way, and since keep had a look
	wake             chan struct{} // capacity 1: keep should have a look

	ctx  context.Context // ended by stop
	stop context.CancelFunc
	kept chan struct{} // closed when keep has ended

	work      sync.Mutex // held while files are rewritten
	compacted time.Time  // when tables were merged last
}

var (
	_ crdt.Backend   = (*Backend)(nil)
	_ crdt.Collector = (*Backend)(nil)
)

// KeySize is the size of the key that a directory is encrypted with, in bytes.
const KeySize = 32

// Options say which directory to open, and how.
type Options struct {
	Dir string
	Key []byte // of KeySize bytes; nil: nothing is encrypted
	Log *slog.Logger
}

// Open opens the directory, and makes it if it is not there. With a key, a
// directory that is not encrypted yet is encrypted first, which takes as long
// as copying it does and is taken up again if it is interrupted. One process at
// a time can have it open. It fails with ErrInUse, ErrNotWritable or
// ErrWrongKey.
func Open(o Options) (*Backend, error) {
	if o.Key != nil && len(o.Key) != KeySize {
		return nil, fmt.Errorf("a key of %d bytes, not %d", len(o.Key), KeySize)
	}
	o.Dir = filepath.Clean(o.Dir)
	if err := probe(o.Dir); err != nil {
		return nil, err
	}
	held, err := hold(o.Dir)
	if err != nil {
		return nil, err
	}
	backend, err := open(o)
	if err != nil {
		held.Close()
		return nil, fmt.Errorf("open store in %s: %w", o.Dir, classify(err))
	}
	backend.held = held
	return backend, nil
}

// open opens a directory that is locked.
func open(o Options) (*Backend, error) {
	if err := settle(o.Dir); err != nil {
		return nil, err
	}
	unread, err := inspect(o)
	if errors.Is(err, errNotEncrypted) {
		unread, err = false, encrypt(o)
	}
	if err != nil {
		return nil, err
	}
	return start(o, durable, unread)
}

// durability says when a write has to be on disk.
type durability bool

const (
	durable durability = true  // when it returns
	atClose durability = false // when the directory is closed: while it is filled
)

// start has Badger open a directory. unread: not all that is in it was read.
func start(o Options, sync durability, unread bool) (*Backend, error) {
	if err := roomToOpen(o.Dir); err != nil {
		return nil, err
	}
	if o.Key != nil {
		if err := rotate(o.Dir, o.Key); err != nil {
			return nil, full(err)
		}
	}
	if err := copyRegistry(o.Dir); err != nil {
		return nil, fmt.Errorf("keep a copy of %s: %w", registryFile, full(err))
	}
	keys, _, err := findRegistry(o.Dir, o.Key, func(finding) {})
	if err != nil {
		return nil, err
	}
	b := &Backend{dir: o.Dir, key: o.Key, log: o.Log, wake: make(chan struct{}, 1), kept: make(chan struct{})}
	if b.db, err = badger.Open(settings(o).WithSyncWrites(bool(sync))); err != nil {
		return nil, full(err)
	}
	private(o.Dir)
	b.guard = newGuard(o.Dir, keys.keys, !unread, b.note)
	b.ctx, b.stop = context.WithCancel(context.Background())
	go b.keep(b.ctx, unread)
	return b, nil
}

// compression is that of tables' blocks.
const compression = options.Snappy

// settings keep memory low: the defaults take 800 MB under a burst of writes.
func settings(o Options) badger.Options {
	return badger.DefaultOptions(o.Dir).
		WithEncryptionKey(o.Key).
		WithEncryptionKeyRotationDuration(neverRotated).
		WithMemTableSize(memTable).
		WithNumMemtables(memTables).
		WithBlockCacheSize(8 << 20).
		WithIndexCacheSize(4 << 20).
		WithValueLogFileSize(16 << 20).
		WithValueThreshold(crdt.LargeValue).
		WithNumCompactors(0).      // keep does it
		WithNumLevelZeroTables(1). // whenever keep says so, from two tables on
		WithNumLevelZeroTablesStall(neverStalled).
		WithVerifyValueChecksum(true).
		WithChecksumVerificationMode(options.OnBlockRead).
		WithCompression(compression).
		WithDetectConflicts(false). // crdt is the one writer
		WithMetricsEnabled(false).
		WithLogger(logger{o.Log})
}

// Hold keeps every process from opening a directory, this one too, until what
// it returns is closed. It fails with ErrInUse or ErrNotWritable, and does not
// mind if the directory is not there, or replaced meanwhile.
func Hold(dir string) (io.Closer, error) {
	held, err := hold(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	return held, nil
}

// hold locks a directory, by a file beside it: the directory itself may be
// replaced.
func hold(dir string) (*os.File, error) {
	file, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, notWritable(err)
	}
	if err := lock(file); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// probe finds out whether the directory can be written to before Badger says
// so in ways that differ by platform.
func probe(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return notWritable(err)
	}
	file, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return notWritable(err)
	}
	name := file.Name()
	if err := errors.Join(file.Close(), os.Remove(name)); err != nil {
		return notWritable(err)
	}
	return nil
}

// notWritable is what a file that cannot be made means.
func notWritable(err error) error {
	if err := full(err); errors.Is(err, crdt.ErrFull) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrNotWritable, err)
}

func classify(err error) error {
	// Badger wraps what the lock says into text.
	if strings.Contains(err.Error(), "Cannot acquire directory lock") {
		return fmt.Errorf("%w (%w)", ErrInUse, err)
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w (%w)", ErrNotWritable, err)
	}
	return err
}

// Close flushes and releases the directory. On a full disk it may fail with
// crdt.ErrFull: then nothing is lost, but the directory can be opened again
// only when this process has ended.
func (b *Backend) Close() error {
	b.stop()
	<-b.kept
	// Badger makes a table, in a mapped file, of what is in its logs of writes.
	// Where there is no room for that, they stay as they are: on disk, and read
	// when the directory is opened again.
	if err := roomToClose(b.dir); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	err := b.db.Close()
	private(b.dir)
	if b.held != nil {
		err = errors.Join(err, b.held.Close())
	}
	if err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// logger passes on what Badger has to say, its chatter as debugging.
type logger struct{ log *slog.Logger }

func (l logger) Errorf(format string, args ...any) {
	l.log.Error(strings.TrimSpace(fmt.Sprintf(format, args...)), "part", "badger")
}

// Warningf passes on what Badger thinks of its caches as chatter: they are small
// because memory is to be.
func (l logger) Warningf(format string, args ...any) {
	if strings.HasPrefix(format, "%s might be too small") || strings.HasPrefix(format, "Cache life expectancy") {
		l.Debugf(format, args...)
		return
	}
	l.log.Warn(strings.TrimSpace(fmt.Sprintf(format, args...)), "part", "badger")
}

func (l logger) Infof(format string, args ...any) {
	l.log.Debug(strings.TrimSpace(fmt.Sprintf(format, args...)), "part", "badger")
}

// Debugf is called several times for every write, so nothing is put into words
// that nobody reads.
func (l logger) Debugf(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug(strings.TrimSpace(fmt.Sprintf(format, args...)), "part", "badger")
	}
}
