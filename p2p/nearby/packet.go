package nearby

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	// maxPacket is what goes through every link in one piece: IPv6's least MTU
	// without the headers of IP and UDP.
	maxPacket = 1280 - 40 - 8
	// What we read of one packet.
	maxRecords = 128
	maxSaid    = 8
	maxTexts   = 32

	domain = ".local."
	// lifetime is for how many seconds what is said holds.
	lifetime = 120
	// port stands in a record that has to be there; the texts say the real ones.
	port = 4001
	// mine is set in the class of records that are nobody else's.
	mine = 1 << 15
)

var errTooLong = errors.New("it does not fit into one packet")

// question asks who offers a service.
func question(service string) []byte {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{})
	name, err := dnsmessage.NewName(service + domain)
	if err == nil {
		err = b.StartQuestions()
	}
	if err == nil {
		err = b.Question(dnsmessage.Question{Name: name, Type: dnsmessage.TypePTR, Class: dnsmessage.ClassINET})
	}
	raw, built := b.Finish()
	if err = errors.Join(err, built); err != nil {
		panic(err) // the service's name is a constant: a mistake there never leaves the first test
	}
	return raw
}

// statement says that we offer a service, with as many of the texts as fit.
func statement(service, instance string, addresses []netip.Addr, texts []string, seconds uint32) ([]byte, error) {
	for ; len(texts) > 0; texts = texts[:len(texts)-1] {
		raw, err := pack(service, instance, addresses, texts, seconds)
		if err != nil {
			return nil, err
		}
		if len(raw) <= maxPacket {
			return raw, nil
		}
	}
	return nil, errTooLong
}

func pack(service, instance string, addresses []netip.Addr, texts []string, seconds uint32) ([]byte, error) {
	kind, err := dnsmessage.NewName(service + domain)
	if err != nil {
		return nil, fmt.Errorf("name %q: %w", service, err)
	}
	self, err := dnsmessage.NewName(instance + "." + service + domain)
	if err != nil {
		return nil, fmt.Errorf("name %q: %w", instance, err)
	}
	host, err := dnsmessage.NewName(instance + domain)
	if err != nil {
		return nil, fmt.Errorf("name %q: %w", instance, err)
	}
	shared := dnsmessage.ResourceHeader{Name: kind, Class: dnsmessage.ClassINET, TTL: seconds}
	ours := func(name dnsmessage.Name) dnsmessage.ResourceHeader {
		return dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET | mine, TTL: seconds}
	}
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{Response: true, Authoritative: true})
	b.EnableCompression()
	errs := []error{
		b.StartAnswers(),
		b.PTRResource(shared, dnsmessage.PTRResource{PTR: self}),
		b.StartAdditionals(),
		b.SRVResource(ours(self), dnsmessage.SRVResource{Port: port, Target: host}),
		b.TXTResource(ours(self), dnsmessage.TXTResource{TXT: texts}),
	}
	var have4, have6 bool
	for _, a := range addresses {
		switch {
		case a.Is4() && !have4:
			have4 = true
			errs = append(errs, b.AResource(ours(host), dnsmessage.AResource{A: a.As4()}))
		case a.Is6() && !have6:
			have6 = true
			errs = append(errs, b.AAAAResource(ours(host), dnsmessage.AAAAResource{AAAA: a.As16()}))
		}
	}
	raw, err := b.Finish()
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, fmt.Errorf("write a statement: %w", err)
	}
	return raw, nil
}

// A message is what a packet says of a service.
type message struct {
	asks bool       // who offers it
	said [][]string // texts, of each who says so
}

var errMalformed = errors.New("malformed")

// parse reads what somebody sent. Goodbyes say nothing.
func parse(raw []byte, service string) (m message, err error) {
	var p dnsmessage.Parser
	header, err := p.Start(raw)
	if err != nil {
		return m, fmt.Errorf("%w: %w", errMalformed, err)
	}
	kind := service + domain
	if !header.Response {
		for range maxRecords {
			q, err := p.Question()
			if errors.Is(err, dnsmessage.ErrSectionDone) {
				return m, nil
			}
			if err != nil {
				return m, fmt.Errorf("%w: %w", errMalformed, err)
			}
			m.asks = m.asks || q.Type == dnsmessage.TypePTR && strings.EqualFold(q.Name.String(), kind)
		}
		return m, fmt.Errorf("%w: too many questions", errMalformed)
	}
	if err := p.SkipAllQuestions(); err != nil {
		return m, fmt.Errorf("%w: %w", errMalformed, err)
	}
	left := maxRecords
	for _, section := range []struct {
		header func() (dnsmessage.ResourceHeader, error)
		skip   func() error
	}{
		{p.AnswerHeader, p.SkipAnswer}, {p.AuthorityHeader, p.SkipAuthority}, {p.AdditionalHeader, p.SkipAdditional},
	} {
		for ; ; left-- {
			h, err := section.header()
			if errors.Is(err, dnsmessage.ErrSectionDone) {
				break
			}
			if err == nil && left == 0 {
				err = errors.New("too many records")
			}
			var text dnsmessage.TXTResource
			switch {
			case err != nil:
			case h.Type == dnsmessage.TypeTXT && h.TTL > 0 && within(h.Name.String(), kind):
				text, err = p.TXTResource()
			default:
				err = section.skip()
			}
			if err != nil {
				return message{}, fmt.Errorf("%w: %w", errMalformed, err)
			}
			if len(text.TXT) > 0 && len(m.said) < maxSaid {
				m.said = append(m.said, text.TXT[:min(len(text.TXT), maxTexts)])
			}
		}
	}
	return m, nil
}

// within reports whether a name is one of a service's instances.
func within(name, kind string) bool {
	at := len(name) - len(kind)
	return at > 1 && name[at-1] == '.' && strings.EqualFold(name[at:], kind)
}
