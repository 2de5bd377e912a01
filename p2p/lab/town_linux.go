package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// A Town is a set of networks and machines for one story that is Alone. What is
// laid in it goes with the story's process.
type Town struct {
	t      testing.TB
	number int32
	cords  int
}

// towns are how many there are, whose names must differ: there may be several at
// once.
var towns atomic.Int32

// NewTown is an empty one.
func NewTown(t testing.TB) *Town { return &Town{t: t, number: towns.Add(1)} }

// A Switch is a local network that machines are plugged into.
type Switch struct {
	town *Town
	name string
}

// Switch makes a network. Its name has at most 10 letters.
func (town *Town) Switch(name string) *Switch {
	town.t.Helper()
	s := &Switch{town: town, name: fmt.Sprint("t", town.number, name)}
	// Without snooping, what is for all reaches all.
	IP(town.t, "link", "add", s.name, "type", "bridge", "mcast_snooping", "0", "forward_delay", "0")
	IP(town.t, "link", "set", s.name, "up")
	return s
}

// Join connects two switches by a cord, which may be cut: what is plugged in on
// one side then does not hear the other, and is not told.
func (s *Switch) Join(other *Switch) *Cord {
	s.town.t.Helper()
	c := s.town.cord(s)
	IP(s.town.t, "link", "set", c.far, "master", other.name)
	IP(s.town.t, "link", "set", c.far, "up")
	return c
}

// A Cord leads from a switch to something else.
type Cord struct {
	town *Town
	near string // the end at the switch
	far  string
}

func (town *Town) cord(s *Switch) *Cord {
	town.t.Helper()
	town.cords++
	c := &Cord{town: town, near: fmt.Sprint("t", town.number, "n", town.cords), far: fmt.Sprint("t", town.number, "f", town.cords)}
	IP(town.t, "link", "add", c.near, "type", "veth", "peer", "name", c.far)
	IP(town.t, "link", "set", c.near, "master", s.name)
	IP(town.t, "link", "set", c.near, "up")
	return c
}

// Cut pulls the cord at the switch.
func (c *Cord) Cut() { IP(c.town.t, "link", "set", c.near, "down") }

// Mend plugs it in again.
func (c *Cord) Mend() { IP(c.town.t, "link", "set", c.near, "up") }

// LosesMulticast has the switch keep to itself what is for all, as many wireless
// routers do.
func (c *Cord) LosesMulticast() {
	if out, err := exec.Command("bridge", "link", "set", "dev", c.near, "mcast_flood", "off").CombinedOutput(); err != nil {
		c.town.t.Fatalf("bridge: %v\n%s", err, out)
	}
}

// A Machine has a network namespace of its own, in which programs run.
type Machine struct {
	town   *Town
	name   string
	holder *exec.Cmd
}

// Machine makes one that is plugged in nowhere.
func (town *Town) Machine(name string) *Machine {
	town.t.Helper()
	runtime.LockOSThread() // it lives as long as the thread that starts it
	defer runtime.UnlockOSThread()
	m := &Machine{town: town, name: name, holder: inNamespace(exec.Command("sleep", "infinity"))}
	if err := m.holder.Start(); err != nil {
		town.t.Fatal(err)
	}
	town.t.Cleanup(func() {
		_ = m.holder.Process.Kill()
		_ = m.holder.Wait() // it was killed
	})
	m.IP("link", "set", "lo", "up")
	return m
}

// Command is one that will run on the machine, and end with the story.
func (m *Machine) Command(name string, arguments ...string) *exec.Cmd {
	into := fmt.Sprintf("--net=/proc/%d/ns/net", m.holder.Process.Pid)
	command := exec.Command("nsenter", append([]string{into, "--", name}, arguments...)...)
	command.Env = os.Environ()
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return command
}

// IP runs the command of that name on the machine.
func (m *Machine) IP(arguments ...string) {
	m.town.t.Helper()
	m.does("ip", arguments...)
}

func (m *Machine) does(name string, arguments ...string) {
	m.town.t.Helper()
	if out, err := m.Command(name, arguments...).CombinedOutput(); err != nil {
		m.town.t.Fatalf("%s %s on %s: %v\n%s(run build/need packages test)", name, strings.Join(arguments, " "), m.name, err, out)
	}
}

// Plug connects the machine to a network: by an interface of that name, which
// has this address, like 192.168.1.10/24.
func (m *Machine) Plug(face string, into *Switch, address string) *Cord {
	m.town.t.Helper()
	c := m.town.cord(into)
	IP(m.town.t, "link", "set", c.far, "netns", fmt.Sprint(m.holder.Process.Pid))
	m.IP("link", "set", c.far, "name", face)
	m.IP("addr", "add", address, "dev", face)
	m.IP("link", "set", face, "up")
	return c
}

// Readdress takes one address from an interface and gives it another.
func (m *Machine) Readdress(face, before, after string) {
	m.town.t.Helper()
	m.IP("addr", "del", before, "dev", face)
	m.IP("addr", "add", after, "dev", face)
}

// Gateway has the machine send by another what is for no network of its own.
func (m *Machine) Gateway(address string) {
	m.town.t.Helper()
	m.IP("route", "add", "default", "via", address)
}

// Routes has the machine pass on what is not for it.
func (m *Machine) Routes() {
	m.town.t.Helper()
	m.does("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
}

// Translates makes the machine a router with one address, on an interface, for
// all that are behind it: from outside nobody gets in who was not spoken to.
//
// A symmetric one takes a new port for each address that is spoken to, so that
// none is any good to others; what others were told of it leads nowhere.
func (m *Machine) Translates(outside string, symmetric bool) {
	m.town.t.Helper()
	m.Routes()
	masquerade := "masquerade"
	if symmetric {
		masquerade = "masquerade fully-random"
	}
	m.does("nft", strings.Join([]string{
		"add table ip nat",
		"add chain ip nat after { type nat hook postrouting priority 100; }",
		"add rule ip nat after oifname " + outside + " " + masquerade,
		"add table ip filter",
		"add chain ip filter pass { type filter hook forward priority 0; policy accept; }",
		"add rule ip filter pass iifname " + outside + " ct state new drop",
		"add chain ip filter self { type filter hook input priority 0; policy accept; }",
		"add rule ip filter self iifname " + outside + " ct state new drop",
	}, "; "))
}
