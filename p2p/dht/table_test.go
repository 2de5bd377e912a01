package dht

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ipfs/go-datastore"
	kad "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	"go.uber.org/goleak"

	"parley/p2p/lab"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(lab.Apart(m))
}

func keyNamed(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func publicOf(key ed25519.PrivateKey) ed25519.PublicKey {
	public, _ := key.Public().(ed25519.PublicKey)
	return public
}

func opens(t *testing.T, config Config) *Table {
	t.Helper()
	table, err := Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := table.Close(); err != nil {
			t.Error(err)
		}
	})
	return table
}

// serves is a node that keeps what others leave.
func serves(t *testing.T, name, at string, others ...peer.AddrInfo) (*Table, peer.AddrInfo) {
	t.Helper()
	table := opens(t, Config{Listen: []multiaddr.Multiaddr{multiaddr.StringCast(at)}, Key: keyNamed(name), Bootstrap: others})
	info, err := peer.AddrInfoFromString(table.Addresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	return table, *info
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func (t *Table) joins(test *testing.T) {
	test.Helper()
	if err := t.Join(soon(test)); err != nil {
		test.Fatal(err)
	}
}

func TestWhatOneLeavesAnotherFinds(t *testing.T) {
	_, at := serves(t, "keeper", "/ip4/127.0.0.1/tcp/0")
	ada, ben := opens(t, Config{Bootstrap: []peer.AddrInfo{at}}), opens(t, Config{Bootstrap: []peer.AddrInfo{at}})
	ada.joins(t)
	ben.joins(t)
	secret := keyNamed("between Ada and Ben")
	if _, err := ben.Look(soon(t), publicOf(secret)); !errors.Is(err, ErrNothing) {
		t.Errorf("before anything was left: %v", err)
	}
	for sequence, said := range []string{"I am here", "now I am there"} {
		if err := ada.Leave(soon(t), secret, uint64(sequence), []byte(said)); err != nil {
			t.Fatal(err)
		}
		if found, err := ben.Look(soon(t), publicOf(secret)); err != nil || string(found) != said {
			t.Errorf("found %q (%v)", found, err)
		}
	}
	if ada.host.ID() == ben.host.ID() || len(ada.host.Network().ListenAddresses()) > 0 {
		t.Error("who only asks can be connected to")
	}
}

// Two keepers, each of whom knows the other, and one member at each.
func TestNotesGoFromOneNodeToAnother(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		for _, ip := range []string{"1.2.3.4", "5.6.7.8"} {
			lab.IP(t, "addr", "add", ip+"/32", "dev", "lo")
		}
		_, first := serves(t, "first", "/ip4/1.2.3.4/tcp/0")
		second, at := serves(t, "second", "/ip4/5.6.7.8/tcp/0", first)
		second.joins(t)
		ada, ben := opens(t, Config{Bootstrap: []peer.AddrInfo{first}}), opens(t, Config{Bootstrap: []peer.AddrInfo{at}})
		ada.joins(t)
		ben.joins(t)
		secret := keyNamed("between Ada and Ben")
		if err := ada.Leave(soon(t), secret, 1, []byte("here")); err != nil {
			t.Fatal(err)
		}
		if found, err := ben.Look(soon(t), publicOf(secret)); err != nil || string(found) != "here" {
			t.Errorf("found %q (%v)", found, err)
		}
	})
}

func TestNobodyElseCanWriteUnderAKey(t *testing.T) {
	_, at := serves(t, "keeper", "/ip4/127.0.0.1/tcp/0")
	mallory := opens(t, Config{Bootstrap: []peer.AddrInfo{at}})
	mallory.joins(t)
	secret, other := keyNamed("secret"), keyNamed("Mallory's")
	key := keyOf(publicOf(secret))
	changed := sign(secret, 1, []byte("here"))
	changed[9] ^= 1
	long := sign(secret, 1, bytes.Repeat([]byte{1}, MaxContent+1))
	for name, value := range map[string][]byte{"another's": sign(other, 9, []byte("elsewhere")), "changed": changed, "long": long, "short": {1}} {
		if err := mallory.kad.PutValue(soon(t), key, value); err == nil {
			t.Errorf("%s: taken", name)
		}
		if (notes{}).Validate(key, value) == nil {
			t.Errorf("%s: valid", name)
		}
	}
	if err := mallory.kad.PutValue(soon(t), "/pk/"+string(publicOf(other)), nil); err == nil {
		t.Error("something that is no note is taken")
	}
	if i, err := (notes{}).Select(key, [][]byte{sign(secret, 1, nil), sign(secret, 3, nil), sign(other, 9, nil), sign(secret, 2, nil)}); i != 1 || err != nil {
		t.Errorf("the newest is number %d (%v)", i, err)
	}
}

// A hostile node sends people to a machine of their own network.
func TestNobodyIsSentToALocalNetwork(t *testing.T) {
	door, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	knocked := make(chan struct{}, 8)
	go func() {
		for {
			c, err := door.Accept()
			if err != nil {
				return
			}
			knocked <- struct{}{}
			_ = c.Close()
		}
	}()
	_, at := serves(t, "keeper", "/ip4/127.0.0.1/tcp/0")
	ada := opens(t, Config{Bootstrap: []peer.AddrInfo{at}})
	ada.joins(t)
	_, port, _ := strings.Cut(door.Addr().String(), ":")
	victim := peer.AddrInfo{ID: idOf(t, "victim"), Addrs: []multiaddr.Multiaddr{multiaddr.StringCast("/ip4/127.0.0.1/tcp/" + port)}}
	if err := ada.host.Connect(soon(t), victim); err == nil {
		t.Error("connected")
	}
	select {
	case <-knocked:
		t.Error("somebody else's local address was dialled")
	default:
	}
	if len(ada.host.Addrs()) > 0 {
		t.Errorf("others are told %v", ada.host.Addrs())
	}
}

func idOf(t *testing.T, name string) peer.ID {
	t.Helper()
	_, info := serves(t, name, "/ip4/127.0.0.1/tcp/0")
	return info.ID
}

func TestAKeeperTellsNoLocalAddressOfItsOwn(t *testing.T) {
	keeper, _ := serves(t, "keeper", "/ip4/127.0.0.1/tcp/0")
	if addresses := keeper.host.Addrs(); len(addresses) > 0 {
		t.Errorf("others are told %v", addresses)
	}
	if again, _ := serves(t, "keeper", "/ip4/127.0.0.1/tcp/0"); again.host.ID() != keeper.host.ID() {
		t.Error("a keeper has another identity after a restart")
	}
}

func TestNobodyAnswers(t *testing.T) {
	_, at := serves(t, "keeper", "/ip4/127.0.0.1/tcp/0")
	at.ID = idOf(t, "another")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := opens(t, Config{Bootstrap: []peer.AddrInfo{at}}).Join(ctx); !errors.Is(err, ErrNobody) {
		t.Errorf("joined: %v", err)
	}
}

func TestTheShelfIsBounded(t *testing.T) {
	s := newShelf(10)
	for i := range 1000 {
		if err := s.Put(t.Context(), datastore.NewKey(strconv.Itoa(i)), []byte{1}); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.notes) != 10 {
		t.Errorf("%d notes are kept", len(s.notes))
	}
}

func TestTheProtocolIsOurOwn(t *testing.T) {
	keeper, _ := serves(t, "keeper", "/ip4/127.0.0.1/tcp/0")
	for _, id := range keeper.host.Mux().Protocols() {
		if strings.Contains(string(id), "kad") && id != "/parley/kad/1.0.0" {
			t.Errorf("it speaks %s", id)
		}
	}
	if keeper.kad.Mode() != kad.ModeServer {
		t.Error("it does not serve")
	}
}

func FuzzReadNote(f *testing.F) {
	secret := keyNamed("secret")
	f.Add(keyOf(publicOf(secret)), sign(secret, 1, []byte("here")))
	f.Add("/parley/", []byte{})
	f.Add("/pk/1", []byte("x"))
	f.Fuzz(func(t *testing.T, key string, note []byte) {
		if _, content, err := read(key, note); err == nil && len(content) > MaxContent {
			t.Errorf("a note of %d bytes", len(content))
		}
	})
}
