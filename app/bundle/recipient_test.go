package bundle

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"testing"

	"filippo.io/age"
	"filippo.io/edwards25519"

	"parley/space"
)

// TestWhatIsEncryptedToADeviceOpensWithItsKey goes through age's own keys on both
// sides, for keys of all kinds of bits.
func TestWhatIsEncryptedToADeviceOpensWithItsKey(t *testing.T) {
	for range 50 {
		key, err := space.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		recipient, err := recipientOf(key.Device())
		if err != nil {
			t.Fatal(err)
		}
		identity, err := identityOf(key)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := identity.(*age.X25519Identity).Recipient().String(), recipient.(*age.X25519Recipient).String(); a != b {
			t.Fatalf("the device's secret belongs to %s, and what is public to %s", a, b)
		}
		var file bytes.Buffer
		w, err := age.Encrypt(&file, recipient)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, "words"); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := age.Decrypt(&file, identity)
		if err != nil {
			t.Fatal(err)
		}
		if words, err := io.ReadAll(r); err != nil || string(words) != "words" {
			t.Fatalf("%q, %v", words, err)
		}
	}
}

// TestAKnownKey is RFC 8032's first test vector, and what others make of it.
func TestAKnownKey(t *testing.T) {
	seed := [32]byte{
		0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
		0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
	}
	recipient, err := recipientOf(space.KeyFromSeed(seed).Device())
	if err != nil {
		t.Fatal(err)
	}
	// u = d85e07ec22b0ad881537c2f44d662d1a143cf830c57aca4305d85c7a90f6b62e.
	const want = "age1mp0q0mpzkzkcs9fhct6y6e3drg2re7psc4av5sc9mpw84y8kkchq6r9kjp"
	if got := recipient.(*age.X25519Recipient).String(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestKeysThatNothingCanBeEncryptedTo(t *testing.T) {
	identity := space.DeviceID(edwards25519.NewIdentityPoint().Bytes())
	lowOrder := space.DeviceID{} // y = 0 is a point of order four
	noPoint := space.DeviceID{2}
	otherForm := space.DeviceID{0xee} // y = 1 + p, the same point as y = 1
	for i := 1; i < 31; i++ {
		otherForm[i] = 0xff
	}
	otherForm[31] = 0x7f
	for name, device := range map[string]space.DeviceID{"identity": identity, "low order": lowOrder, "no point": noPoint, "other form": otherForm} {
		if _, err := recipientOf(device); !errors.Is(err, errKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	key, err := space.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	// Such a device keeps nobody else from getting the file.
	recipients, err := recipientsOf([]space.DeviceID{lowOrder, key.Device(), identity})
	if err != nil || len(recipients) != recipientSteps {
		t.Errorf("%d recipients, %v", len(recipients), err)
	}
	if _, err := recipientsOf(make([]space.DeviceID, MaxDevices+1)); !errors.Is(err, ErrTooManyDevices) {
		t.Errorf("too many: %v", err)
	}
}
