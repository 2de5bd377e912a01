package bundle

import (
	"errors"
	"io"
	"slices"

	"parley/crdt"
)

// files are those that belong to what the bundle is of.
func (w *writing) files() (files []crdt.BlobID) {
	if !w.Files {
		return nil
	}
	if w.Document != (crdt.DocumentID{}) {
		return w.filesOf(w.Document)
	}
	blobs, err := w.store.Blobs(w.Space)
	if err != nil {
		w.lacks(Lack{Err: err}) // those that are listed go all the same
	}
	for _, blob := range blobs {
		if !blob.Unused {
			files = append(files, blob.ID)
		}
	}
	return files
}

// filesOf are those that a document shows now.
func (w *writing) filesOf(document crdt.DocumentID) (files []crdt.BlobID) {
	for _, ref := range w.store.Refs(w.Space) {
		if ref.Document != document {
			continue
		}
		shown, err := w.store.ReferredBlobs(w.ctx, ref)
		if err != nil {
			w.lacks(Lack{Ref: ref, Err: err})
		}
		for _, id := range shown {
			if w.store.HasBlob(w.Space, id) && !slices.Contains(files, id) {
				files = append(files, id)
			}
		}
	}
	return files
}

// blobs writes the files that are not known, and returns all that are from then
// on.
func (w *writing) blobs(files []crdt.BlobID) (known []crdt.BlobID, err error) {
	if w.Since != nil {
		for id := range w.Since.files {
			if w.store.HasBlob(w.Space, id) {
				known = append(known, id)
			}
		}
	}
	for _, id := range files {
		if w.Since == nil || !w.Since.files[id] {
			brought, err := w.blob(id)
			if err != nil {
				return nil, err
			}
			if brought {
				known = append(known, id)
			}
		}
		w.step(1)
	}
	slices.SortFunc(known, func(a, b crdt.BlobID) int { return slices.Compare(a[:], b[:]) })
	return known, nil
}

// blob writes a file. One that cannot be read is left out.
func (w *writing) blob(id crdt.BlobID) (brought bool, err error) {
	if err := w.store.VerifyBlob(w.ctx, w.Space, id); err != nil {
		if w.ctx.Err() != nil {
			return false, err
		}
		w.lacks(Lack{File: id, Err: err})
		return false, nil
	}
	from, err := w.store.OpenBlob(w.Space, id)
	if err != nil {
		w.lacks(Lack{File: id, Err: err})
		return false, nil //nolint:nilerr // it is told of
	}
	described := from.Blob()
	if err := w.put(kindFile, &fileMessage{ID: id, Media: described.Media, Size: uint64(described.Size)}); err != nil {
		return false, err
	}
	buffer := make([]byte, crdt.BlobPiece)
	for left := described.Size; left > 0; {
		n, err := io.ReadFull(from, buffer[:min(left, int64(len(buffer)))])
		if err = errors.Join(err, w.ctx.Err()); err != nil {
			return false, err // it was whole a moment ago
		}
		if err := w.frames.put(kindData, buffer[:n]); err != nil {
			return false, err
		}
		left -= int64(n)
	}
	w.made.Files++
	return true, nil
}

func (w *writing) names(known []crdt.BlobID) error {
	for page := range slices.Chunk(known, maxPage/40) {
		if err := w.put(kindNames, &namesMessage{IDs: page}); err != nil {
			return err
		}
	}
	return nil
}
