package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	version  = 1
	saltSize = 16
	maxFile  = 16 << 10 // bytes of each copy
)

// file is what the key file says (docs/formats.md). Which fields are there
// depends on the guard.
type file struct {
	Version  int     `json:"version"`
	Guard    Guard   `json:"guard"`
	Secret   []byte  `json:"secret,omitempty"` // InFile: what the key is wrapped with
	Salt     []byte  `json:"salt,omitempty"`
	Argon2id *params `json:"argon2id,omitempty"`
	Entry    string  `json:"entry,omitempty"` // InKeyring: its name there
	Wrapped  []byte  `json:"wrapped"`
}

// params are those of Argon2id. Memory is in KiB.
type params struct {
	Time    uint32 `json:"time"`
	Memory  uint32 `json:"memory"`
	Threads uint8  `json:"threads"`
}

// context is what the wrapped key is bound to.
func (f file) context() []byte { return []byte("parley/store-key/1 " + f.Guard) }

func (f file) format() []byte {
	raw, err := json.MarshalIndent(f, "", "\t")
	if err != nil {
		panic(err) // nothing in it can fail
	}
	return twice(append(raw, '\n'))
}

// parse reads what a key file says, which is two things where one of its
// copies was changed and still is well formed; the one to go by is the one
// that opens. It fails with ErrDamaged, or with ErrNewer. What it has accepted
// costs no more than the limits to open, whoever wrote it.
func parse(raw []byte) (said []file, err error) {
	if !Spoilt(raw) {
		f, err := parseOne(copies(raw)[0])
		return []file{f}, err
	}
	for _, raw := range copies(raw) {
		f, failed := parseOne(raw)
		if failed == nil {
			said = append(said, f)
			continue
		}
		err = errors.Join(err, failed)
	}
	if len(said) > 0 {
		return said, nil
	}
	// A newer version may keep it in another way.
	if _, whole := parseOne(raw); errors.Is(whole, ErrNewer) {
		err = whole
	}
	return nil, err
}

func parseOne(raw []byte) (file, error) {
	var head struct {
		Version int `json:"version"`
	}
	if len(raw) > maxFile || json.Unmarshal(raw, &head) != nil || head.Version < 1 {
		return file{}, ErrDamaged
	}
	if head.Version > version {
		return file{}, ErrNewer
	}
	var f file
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return file{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return file{}, fmt.Errorf("%w: something follows it", ErrDamaged)
	}
	fits := len(f.Wrapped) == sealedSize(KeySize)
	switch f.Guard {
	case InFile:
		fits = fits && len(f.Secret) == KeySize && f.Salt == nil && f.Argon2id == nil && f.Entry == ""
	case ByPassphrase:
		fits = fits && len(f.Salt) == saltSize && f.Argon2id != nil && f.Argon2id.bearable() && f.Secret == nil && f.Entry == ""
	case InKeyring:
		fits = fits && entryName.MatchString(f.Entry) && f.Secret == nil && f.Salt == nil && f.Argon2id == nil
	default:
		fits = false
	}
	if !fits {
		return file{}, fmt.Errorf("%w: it is not complete for the guard %q, or asks for too much", ErrDamaged, f.Guard)
	}
	return f, nil
}
