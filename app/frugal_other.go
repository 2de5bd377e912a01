//go:build !linux

package app

import "context"

// lookAtPower knows nothing here: there is the switch.
func lookAtPower(context.Context) sparing { return sparesNothing }
