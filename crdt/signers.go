package crdt

import (
	"fmt"

	"parley/crdt/chunk"
	"parley/space"
)

// Signers names, for each actor of a part that counts, the device whose
// signature vouches for its newest change: the actor's own device, or, where
// the changes were made elsewhere, the one that brought them in.
func (s *Store) Signers(ref Ref) (signers map[chunk.Actor]space.DeviceID, err error) {
	err = s.withPart(ref, func(p *part, _ Reader) error {
		signers = make(map[chunk.Actor]space.DeviceID, len(p.actors))
		for actor, record := range p.actors {
			signers[actor] = record.Device
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("signers of %s: %w", ref, err)
	}
	return signers, nil
}
