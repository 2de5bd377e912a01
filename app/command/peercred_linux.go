package command

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// sameUser refuses a connection from another user. The private directory
// around the socket keeps them out already; this holds where somebody has
// opened it.
func sameUser(conn net.Conn) error {
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return errors.New("control connection is not a Unix socket")
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return fmt.Errorf("look at control connection: %w", err)
	}
	var peer *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		peer, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(err, credErr); err != nil {
		return fmt.Errorf("look at control connection: %w", err)
	}
	if uid := os.Getuid(); int(peer.Uid) != uid && peer.Uid != 0 {
		return fmt.Errorf("control connection from user %d, not %d", peer.Uid, uid)
	}
	return nil
}
