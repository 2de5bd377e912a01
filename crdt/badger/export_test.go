package badger

// Expire makes a backend trust nothing that it read before, as it would after a
// while.
func (b *Backend) Expire() error {
	_, err := b.guard.list()
	b.guard.expire()
	return err
}
