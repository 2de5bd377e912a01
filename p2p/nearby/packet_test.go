package nearby

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

const service = "_parley-test._udp"

var addresses = []netip.Addr{netip.MustParseAddr("192.168.77.1"), netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fe80::1")}

func TestAQuestionAsks(t *testing.T) {
	m, err := parse(question(service), service)
	if err != nil || !m.asks || m.said != nil {
		t.Errorf("got %+v, %v", m, err)
	}
	if m, err := parse(question("_printer._tcp"), service); err != nil || m.asks {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestAStatementSays(t *testing.T) {
	texts := []string{"one=1", "two=2"}
	raw, err := statement(service, "abc", addresses, texts, lifetime)
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string][][]string{
		service: {texts}, strings.ToUpper(service): {texts}, "_printer._tcp": nil, "": nil,
	} {
		m, err := parse(raw, kind)
		if err != nil || m.asks || !slices.EqualFunc(m.said, want, slices.Equal) {
			t.Errorf("to somebody who looks for %q it says %+v, %v", kind, m, err)
		}
	}
	// A goodbye says nothing.
	raw, err = statement(service, "abc", addresses, texts, 0)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := parse(raw, service); err != nil || m.said != nil {
		t.Errorf("got %+v, %v", m, err)
	}
}

// TestAStatementFitsEveryLink has more to say than goes into one packet: the
// most useful is said.
func TestAStatementFitsEveryLink(t *testing.T) {
	var texts []string
	for i := range 40 {
		texts = append(texts, fmt.Sprintf("dnsaddr=/ip6/2001:db8:1:2:3:4:5:%d/udp/40000/quic-v1/p2p/%s", i, strings.Repeat("x", 52)))
	}
	raw, err := statement(service, randomName(), addresses, texts, lifetime)
	if err != nil {
		t.Fatal(err)
	}
	m, err := parse(raw, service)
	if err != nil || len(m.said) != 1 {
		t.Fatalf("got %+v, %v", m, err)
	}
	if said := m.said[0]; len(raw) > maxPacket || len(said) < 8 || !slices.Equal(said, texts[:len(said)]) {
		t.Errorf("%d bytes say %d texts", len(raw), len(said))
	}
	if _, err := statement(service, "abc", addresses, []string{strings.Repeat("x", 256)}, lifetime); err == nil {
		t.Error("a text of 256 bytes is said")
	}
}

// TestPacketsOfNoUse are not read, or read only so far.
func TestPacketsOfNoUse(t *testing.T) {
	good, err := statement(service, "abc", addresses, []string{"one=1"}, lifetime)
	if err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if m, err := parse(good[:n], service); err == nil && len(m.said) > 0 {
			t.Errorf("the first %d bytes say %v", n, m.said)
		}
	}
	name := dnsmessage.MustNewName("abc." + service + domain)
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{Response: true})
	b.EnableCompression()
	if err := b.StartAnswers(); err != nil {
		t.Fatal(err)
	}
	for range maxRecords + 1 {
		if err := b.TXTResource(dnsmessage.ResourceHeader{Name: name, TTL: 1}, dnsmessage.TXTResource{TXT: []string{"x"}}); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parse(raw, service); err == nil {
		t.Error("any number of records is read")
	}
}

func FuzzParse(f *testing.F) {
	said, err := statement(service, "abc", addresses, []string{"one=1", "two=2"}, lifetime)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(said)
	f.Add(question(service))
	f.Add(bytes.Repeat([]byte{0xc0, 0x0c}, 300)) // a name that points at itself
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parse(raw, service)
		if err != nil && (m.said != nil) {
			t.Errorf("says %v and fails with %v", m.said, err)
		}
		if len(m.said) > maxSaid {
			t.Errorf("%d statements", len(m.said))
		}
		for _, texts := range m.said {
			if len(texts) > maxTexts {
				t.Errorf("%d texts", len(texts))
			}
		}
	})
}
