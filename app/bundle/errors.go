package bundle

import "errors"

// What can be wrong with a file, or with making one. Callers tell them apart.
var (
	ErrNoBundle       = errors.New("not a bundle")
	ErrNewer          = errors.New("a bundle of a newer version")
	ErrNotForUs       = errors.New("it is not encrypted to this device")
	ErrBroken         = errors.New("the bundle is damaged, or its end is missing")
	ErrStranger       = errors.New("who made the bundle does not belong to its space")
	ErrForged         = errors.New("the bundle holds what no honest device passes on")
	ErrNoMember       = errors.New("this device does not belong to the bundle's space any more")
	ErrOtherSpace     = errors.New("the bundle is of another space")
	ErrTooManyDevices = errors.New("the space has more devices than a bundle can be encrypted to")
	ErrTooLarge       = errors.New("the space is too large for a bundle")
)
