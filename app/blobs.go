package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/p2p"
	"parley/space"
)

// File is a file that is kept in a space: a picture, an attachment.
type File struct {
	Hash   string    `json:"hash"` // SHA-256, which is its name
	Size   int64     `json:"size"` // bytes
	Media  string    `json:"media"`
	Added  time.Time `json:"added"`
	Unused bool      `json:"unused,omitempty"` // no document referred to it when somebody last looked
}

// MaxFile is how many bytes a file may have.
var MaxFile = chunk.DefaultLimits.Blob

func fileOf(b crdt.Blob) File {
	return File{Hash: b.ID.String(), Size: b.Size, Media: b.Media, Added: b.Put, Unused: b.Unused}
}

// AddFile keeps what from holds in a space, and answers when it is on disk. The
// media type is what the caller says it is; "" for unknown. The reference is
// the string by which documents refer to the file; one that none refers to is
// removed after some time.
func (a *App) AddFile(ctx context.Context, id space.ID, media string, from io.Reader) (_ File, reference string, err error) {
	if _, err := a.spaceLog(id); err != nil {
		return File{}, "", err
	}
	blob, err := a.store.PutBlob(ctx, id, media, from)
	if err != nil {
		return File{}, "", explainFile(err)
	}
	return fileOf(blob), blob.ID.Reference(), nil
}

// ReadFile gives a file of a space to write, part after part, which is only
// called with bytes that are what was added.
func (a *App) ReadFile(id space.ID, blob crdt.BlobID, write func(part []byte) error) (File, error) {
	if _, err := a.spaceLog(id); err != nil {
		return File{}, err
	}
	r, err := a.store.OpenBlob(id, blob)
	if err != nil {
		return File{}, explainFile(err)
	}
	buffer := make([]byte, 256<<10)
	for {
		n, err := r.Read(buffer)
		if errors.Is(err, io.EOF) {
			return fileOf(r.Blob()), nil
		}
		if err != nil {
			return File{}, explainFile(err)
		}
		if err := write(buffer[:n]); err != nil {
			return File{}, err
		}
	}
}

// fileWait is how long somebody waits for a file that is not here.
const fileWait = 20 * time.Second

// FetchFile returns when a file of a space is here, and gets it from a member
// who has it where it is not. It fails with CodeNotHere if that takes too long,
// or nobody who is connected has it: it comes later.
func (a *App) FetchFile(ctx context.Context, id space.ID, blob crdt.BlobID) error {
	if _, err := a.spaceLog(id); err != nil {
		return err
	}
	if a.store.HasBlob(id, blob) {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, fileWait)
	defer cancel()
	err := a.node.FetchBlob(within, id, blob)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, p2p.ErrNotHeld), errors.Is(err, p2p.ErrOffline), errors.Is(err, space.ErrNotMember),
		errors.Is(err, context.DeadlineExceeded):
		return a.notHere(id, blob, err)
	}
	if explained := explainFile(err); !errors.Is(err, explained) {
		return explained
	}
	a.log.Warn("a file could not be fetched", "space", id, "blob", blob, "err", err)
	return a.notHere(id, blob, err)
}

// notHere says that a file is missing, and who has it.
func (a *App) notHere(id space.ID, blob crdt.BlobID, cause error) error {
	names := a.holderNames(id, blob)
	if len(names) == 0 {
		return wrapError(CodeNotHere, "This file is not here yet. It comes when somebody who has it is connected.", cause)
	}
	return wrapError(CodeNotHere, fmt.Sprintf(
		"This file is not here yet. %s has it. It comes when your computers are connected for long enough.", strings.Join(names, ", ")), cause)
}

// holderNames are the names of members who are known to have a file.
func (a *App) holderNames(id space.ID, blob crdt.BlobID) (names []string) {
	if log, ok := a.store.Log(id); ok {
		for _, device := range a.node.Holders(id, blob) {
			if member, ok := log.Member(device); ok && !slices.Contains(names, member.Person.Name) {
				names = append(names, member.Person.Name)
			}
		}
	}
	return names
}

// Files lists the files of a space by name. Those whose descriptions were
// damaged on the disk are missing.
func (a *App) Files(id space.ID) ([]File, error) {
	if _, err := a.spaceLog(id); err != nil {
		return nil, err
	}
	blobs, err := a.store.Blobs(id)
	if errors.Is(err, crdt.ErrDamaged) {
		a.log.Error("some files cannot be listed", "space", id, "err", err)
	} else if err != nil {
		return nil, err
	}
	files := make([]File, 0, len(blobs))
	for _, blob := range blobs {
		files = append(files, fileOf(blob))
	}
	return files, nil
}

// FindFile finds a file of a space by the beginning of its name, or by how a
// document refers to it. It fails with CodeNotFound or CodeAmbiguous.
func (a *App) FindFile(id space.ID, prefix string) (crdt.BlobID, error) {
	if blob, err := crdt.ParseBlobID(prefix); err == nil {
		return blob, nil // also one that is damaged, so that this can be said
	}
	files, err := a.Files(id)
	if err != nil {
		return crdt.BlobID{}, err
	}
	candidates := make([]candidate, len(files))
	for i, f := range files {
		candidates[i] = candidate{id: f.Hash, title: f.Media}
	}
	hit, err := find("file", prefix, candidates)
	if err != nil {
		return crdt.BlobID{}, err
	}
	return crdt.ParseBlobID(files[hit].Hash)
}

// explainFile finds the words for what can be wrong with a file.
func explainFile(err error) error {
	switch {
	case errors.Is(err, crdt.ErrBlobTooLarge):
		return wrapError(CodeTooLarge, fmt.Sprintf(
			"This file has more than %d MB, which is the most that Parley keeps of one. Nothing was added. Make it smaller, or give a link to it.", MaxFile>>20), err)
	case errors.Is(err, crdt.ErrBlobsFull):
		return wrapError(CodeTooLarge, fmt.Sprintf(
			"The files of this space take up all the room that they may (%d MB). Nothing was added. Take files out of documents that need them no more; their room is free after a month.", chunk.DefaultLimits.Blobs>>20), err)
	case errors.Is(err, crdt.ErrNoBlob):
		return wrapError(CodeNotFound, "There is no such file in this space.", err)
	case errors.Is(err, crdt.ErrMediaType):
		return wrapError(CodeInvalid, "This is not a type of file. Write it like image/png, or leave it out.", err)
	case errors.Is(err, crdt.ErrDamaged):
		return wrapError(CodeUnreadable, "This file was damaged on the disk and is not given out. Add it again from where it came, and it is whole.", err)
	}
	return err
}
