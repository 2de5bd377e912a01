//go:build !linux

package command

import "net"

// sameUser trusts the private directory around the socket.
func sameUser(net.Conn) error { return nil }
