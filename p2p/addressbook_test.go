package p2p

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"parley/space"
)

func TestAddressFileKeeps(t *testing.T) {
	file := AddressFile(filepath.Join(t.TempDir(), "addresses.json"))
	known, err := file.Load()
	if err != nil || len(known) != 0 {
		t.Fatal(known, err)
	}
	want := map[space.DeviceID][]string{{1}: {"/ip4/127.0.0.1/tcp/1"}, {2}: {"/ip4/127.0.0.1/tcp/2", "/ip6/::1/tcp/3"}}
	if err := file.Save(want); err != nil {
		t.Fatal(err)
	}
	if got, err := file.Load(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if left, err := os.ReadDir(filepath.Dir(string(file))); err != nil || len(left) != 1 {
		t.Errorf("%d files are left: %v", len(left), err)
	}
	if err := os.WriteFile(string(file), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Load(); err == nil {
		t.Error("half a file is read")
	}
}

func TestAddressBookBacksOff(t *testing.T) {
	book, err := openAddressBook(nil)
	if err != nil {
		t.Fatal(err)
	}
	ben, now := space.DeviceID{1}, time.Unix(1000, 0)
	if err := book.remember(ben, []string{"a"}); err != nil {
		t.Fatal(err)
	}
	if !book.due(ben, now) {
		t.Error("a device that was never tried is not due")
	}
	var waits []time.Duration
	for range 20 {
		book.failed(ben, now)
		wait := time.Duration(0)
		for !book.due(ben, now) {
			now = now.Add(100 * time.Millisecond)
			wait += 100 * time.Millisecond
		}
		waits = append(waits, wait)
	}
	if waits[0] > 2*redialFirst || waits[19] < redialMost/2 || waits[19] > redialMost*5/4+time.Second {
		t.Errorf("waited %v", waits)
	}
	book.failed(ben, now)
	book.again()
	if !book.due(ben, now) {
		t.Error("a new network does not count")
	}
	for _, a := range []string{"b", "c", "d", "e", "f", "g", "h", "i"} {
		if err := book.remember(ben, []string{a}); err != nil {
			t.Fatal(err)
		}
	}
	if got := book.of(ben); len(got) != maxRemembered || got[0] != "i" {
		t.Errorf("remembers %v", got)
	}
}

func TestAddressBookForgetsWhoIsGone(t *testing.T) {
	file := AddressFile(filepath.Join(t.TempDir(), "addresses.json"))
	book, err := openAddressBook(file)
	if err != nil {
		t.Fatal(err)
	}
	ben, cleo := space.DeviceID{1}, space.DeviceID{2}
	for _, device := range []space.DeviceID{ben, cleo} {
		if err := book.remember(device, []string{"a"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.keepOnly([]space.DeviceID{cleo}); err != nil {
		t.Fatal(err)
	}
	want := map[space.DeviceID][]string{cleo: {"a"}}
	if got, err := file.Load(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("kept are %v, %v", got, err)
	}
}
