package badger

// Expire makes a backend trust nothing that it read before, as it would after a
// while.
func (b *Backend) Expire() error {
	_, err := b.guard.list()
	b.guard.expire()
	return err
}

// RoomToOpen and RoomToClose say whether there is room for the tables that become
// of a directory's logs.
var (
	RoomToOpen  = roomToOpen
	RoomToClose = roomToClose
)
