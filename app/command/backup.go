package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"parley/app"
	"parley/app/vault"
)

// Backup saves everything of a device to one file. The peer that has the
// directory open hands out what it holds; the file is written, and locked,
// where the command was typed.
type Backup struct {
	File           string `arg:"" help:"The file to save to. One that exists is left alone." type:"path"`
	Force          bool   `help:"Replace a file that exists." json:"-"`
	Protect        bool   `help:"Lock the backup with a passphrase, which you are asked for. Without it, whoever has the file has everything."`
	PassphraseFile string `name:"backup-passphrase-file" help:"Lock the backup with the passphrase that is the first line of this file." placeholder:"FILE" type:"path" json:"-"`
	Unlocked       bool   `help:"Do not lock the backup, though the device itself is locked with a passphrase." json:"-"`
}

type backedUp struct {
	File      string `json:"file"`
	Protected bool   `json:"protected"`
	app.Backup
}

func (r backedUp) Plain() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Everything of this device is saved in %s (%d records).\n", r.File, r.Records)
	if r.Protected {
		b.WriteString("It can be restored with the passphrase, and not without. Keep the two apart.\n")
	} else {
		b.WriteString("It is not locked with a passphrase: whoever has the file can read everything in it and write in this device's name. Keep it where only you can get at it.\n")
	}
	if len(r.Unreadable) > 0 {
		b.WriteString("Some things could not be read, and are not in the backup. `parley-node doctor` says more.\n")
		for _, fault := range r.Unreadable {
			b.WriteString("  " + fault.Sentence + "\n")
		}
	}
	return b.String()
}

// ask refuses what would not be a backup, or would give away what is locked: a
// file in the data directory, which is lost with it, and one that can be read
// without a passphrase, of a device that cannot, unless that is meant.
func (c *Backup) ask(l app.Locations, t terminal) error {
	if within(l.Data(), c.File) {
		return app.NewError(app.CodeInvalid, fmt.Sprintf(
			"%s is inside the data directory, %s. A backup there is lost with what it is a backup of. Nothing was saved. Name a file elsewhere, on another disk if you can.", c.File, l.Data()), nil)
	}
	// Where it cannot be said what guards the device, its opening says why.
	if guard, _ := app.GuardAt(l); guard != vault.ByPassphrase || c.Protect || c.PassphraseFile != "" || c.Unlocked {
		return nil
	}
	if !atTerminal() {
		return app.NewError(app.CodeInvalid,
			"This device is locked with a passphrase, and the backup would not be: whoever has the file could read everything. Nothing was saved. "+
				"Name a file that holds a passphrase for it with --backup-passphrase-file, or save it as it is with --unlocked.", nil)
	}
	t.Note("This device is locked with a passphrase, so its backup is too. (Without one: --unlocked)")
	c.Protect = true
	return nil
}

// within reports whether a path is in a directory, by whatever names.
func within(dir, path string) bool {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false // there is none yet
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return false // said when the file is to be made
	}
	rest, err := filepath.Rel(dir, folder)
	return err == nil && filepath.IsLocal(rest)
}

// Run hands out the backup.
func (c *Backup) Run(ctx context.Context, peer *app.App, reply Reply) error {
	carrier, ok := reply.(carrier)
	if !ok {
		return errNoTaker
	}
	to := &handedOut{to: carrier, tell: reply.Note, buffer: make([]byte, 0, maxPart), last: time.Now()}
	made, err := peer.Backup(ctx, to)
	if err == nil {
		err = to.flush()
	}
	if err != nil {
		return err
	}
	return reply.Result(backedUp{File: c.File, Protected: c.Protect, Backup: made})
}

// handedOut is a file on its way to where a command was typed.
type handedOut struct {
	to     carrier
	tell   func(sentence string)
	buffer []byte
	bytes  int64
	last   time.Time // when somebody was last told how far it is
}

func (h *handedOut) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		some := min(len(p), maxPart-len(h.buffer))
		h.buffer = append(h.buffer, p[:some]...)
		p = p[some:]
		if len(h.buffer) == maxPart {
			if err := h.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

func (h *handedOut) flush() error {
	if err := h.to.Carry(h.buffer); err != nil {
		return err
	}
	h.bytes += int64(len(h.buffer))
	h.buffer = h.buffer[:0]
	if time.Since(h.last) >= app.ProgressEvery {
		h.last = time.Now()
		h.tell(app.Amount(h.bytes) + " saved so far.")
	}
	return nil
}

// into runs a command with a file to write to, which takes its place once the
// command is done, and is gone if it fails.
func (c *Backup) into(t terminal, run func(terminal) error) (err error) {
	if err := c.free(); err != nil {
		return err
	}
	c.Protect = c.Protect || c.PassphraseFile != ""
	passphrase, err := c.passphrase(t)
	if err != nil {
		return err
	}
	defer clear(passphrase)
	temp, err := os.CreateTemp(filepath.Dir(c.File), filepath.Base(c.File)+".unfinished-*") // mode 0600
	if err != nil {
		return c.explain(err)
	}
	defer func() {
		if err != nil {
			temp.Close()
			err = errors.Join(c.explain(err), removed(temp.Name()))
		}
	}()
	t.Note(fmt.Sprintf("Saving everything of this device to %s.", c.File))
	var answer bytes.Buffer
	inner := t
	inner.out = &answer
	var to io.WriteCloser = unlocked{temp}
	if c.Protect {
		if to, err = app.EncryptBackup(temp, passphrase); err != nil {
			return err
		}
	}
	inner.take = func(part []byte) error {
		_, err := to.Write(part)
		return err
	}
	if err = run(inner); err != nil {
		return err
	}
	if err = to.Close(); err != nil {
		return err
	}
	if err = errors.Join(temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err = c.place(temp.Name()); err != nil {
		return err
	}
	// Only now is it true.
	_, err = t.out.Write(answer.Bytes())
	return err
}

// passphrase is what to lock the backup with, if it is to be locked.
func (c *Backup) passphrase(t terminal) ([]byte, error) {
	if !c.Protect {
		return nil, nil
	}
	passphrase, err := backupPassphrase(c.PassphraseFile, t, "A passphrase for the backup: ")
	if err != nil || c.PassphraseFile != "" {
		return passphrase, err
	}
	again, err := passphraseFrom("", t, "The same again: ")
	defer clear(again)
	if err == nil && !bytes.Equal(again, passphrase) {
		err = app.NewError(app.CodeInvalid, "These were two different passphrases. Nothing was saved. Try again.", nil)
	}
	return passphrase, err
}

// backupPassphrase is passphraseFrom for one that is no device's.
func backupPassphrase(file string, t terminal, prompt string) ([]byte, error) {
	if file == "" && !atTerminal() {
		return nil, app.NewError(app.CodeLocked,
			"The passphrase of the backup is needed, and there is no terminal to ask for it. Name a file that holds it with --backup-passphrase-file.", nil)
	}
	return passphraseFrom(file, t, prompt)
}

// unlocked is a file that is closed by somebody else.
type unlocked struct{ io.Writer }

func (unlocked) Close() error { return nil }

// free fails if there is a file that is not to be replaced.
func (c *Backup) free() error {
	info, err := os.Lstat(c.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return c.explain(err)
	case info.IsDir():
		return app.NewError(app.CodeInvalid, fmt.Sprintf("%s is a folder. Name a file in it. Nothing was saved.", c.File), nil)
	case !c.Force:
		return app.NewError(app.CodeInvalid, fmt.Sprintf("There is a file %s already, and it was left as it is. Name another, or replace it with --force.", c.File), nil)
	}
	return nil
}

// place gives the finished file its name.
func (c *Backup) place(temp string) error {
	if c.Force {
		if err := os.Rename(temp, c.File); err != nil {
			return err
		}
		return syncDir(filepath.Dir(c.File))
	}
	// Link, unlike rename, fails where the file exists. Sticks do not know it.
	err := os.Link(temp, c.File)
	switch {
	case errors.Is(err, fs.ErrExist):
		return c.free()
	case err == nil:
		err = os.Remove(temp)
	default:
		if err = c.free(); err == nil {
			err = os.Rename(temp, c.File)
		}
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(c.File))
}

func removed(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove unfinished backup: %w", err)
	}
	return nil
}

func syncDir(dir string) error {
	handle, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer handle.Close()
	return handle.Sync()
}

// explain finds the words for a file that cannot be written.
func (c *Backup) explain(err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	dir := filepath.Dir(c.File)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return app.NewError(app.CodeUnwritable, fmt.Sprintf(
			"There is not enough room for the backup in %s. Nothing was left there. Make room, or save it on another disk.", dir), err)
	case errors.Is(err, fs.ErrNotExist):
		return app.NewError(app.CodeNotFound, fmt.Sprintf("There is no folder %s. Nothing was saved. Make it, or name another.", dir), err)
	}
	return app.NewError(app.CodeUnwritable, fmt.Sprintf(
		"The backup cannot be written to %s (%v). Nothing was saved. Name another place.", c.File, errno), err)
}
