//go:build !linux

package vault

import "context"

// reach finds nothing out: these platforms have one keyring, open while its
// user is logged in.
func reach(context.Context) (open bool, err error) { return true, nil }
