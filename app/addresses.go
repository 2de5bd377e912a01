package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"parley/app/vault"
	"parley/space"
)

// addressFile keeps where this device and others could be reached, sealed: it
// says with whom this person works.
type addressFile struct {
	path string
	key  *vault.Key
}

// Load reads the file, which need not exist.
func (f addressFile) Load() (known map[space.DeviceID][]string, err error) {
	raw, _, err := readSealed(f.key, f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &known)
	}
	if err != nil {
		return nil, fmt.Errorf("read addresses in %s: %w", f.path, err)
	}
	return known, nil
}

// Save replaces the file in one step.
func (f addressFile) Save(known map[space.DeviceID][]string) error {
	raw, err := json.MarshalIndent(known, "", "\t")
	if err == nil {
		err = replaceSealed(f.key, f.path, raw)
	}
	if err != nil {
		return fmt.Errorf("write addresses: %w", err)
	}
	return nil
}
