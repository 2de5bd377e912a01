package app

import (
	"parley/crdt"
	"parley/crdt/chunk"
)

// Trapped sets changes aside at which a page's Automerge stopped, though the
// child could read them: the two are not of one version. The document is as it
// was before them, for all windows of this device; the page opens it again.
// Changes that are not there any more are no error. It fails with CodeInvalid
// for what is no change: a snapshot cannot be set aside as a whole.
func (w *Window) Trapped(spaceID, document, part string, chunks [][]byte) error {
	ref, err := parseRef(spaceID, document, part)
	if err != nil {
		return err
	}
	if _, err := w.part(ref); err != nil {
		return err
	}
	hashes := make([]chunk.Hash, 0, len(chunks))
	for _, raw := range chunks {
		change, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			return wrapError(CodeInvalid, "This window cannot show the document, and cannot say which change is at fault. It is kept as it is.", err)
		}
		hashes = append(hashes, change.Hash)
	}
	removed, err := w.app.store.SetAside(w.ctx, ref, hashes, crdt.ReasonTrap)
	if err != nil {
		return err
	}
	w.app.log.Warn("a window could not show changes, which were set aside", "ref", ref, "changes", hashes, "removed", removed)
	return nil
}
