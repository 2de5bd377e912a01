package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

// reach finds out whether there is a Secret Service with a keyring in it, and
// whether that is open. The library would start a message bus where there is
// none, with a keyring that nobody ever opens; so it is asked only after this.
func reach(ctx context.Context) (open bool, err error) {
	address := busAddress()
	if address == "" {
		return false, errors.New("there is no session of a desktop here (DBUS_SESSION_BUS_ADDRESS is not set)")
	}
	bus, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return false, fmt.Errorf("reach session bus: %w", err)
	}
	defer func() { _ = bus.Close() }() // nothing is under way on it
	const name = "org.freedesktop.secrets"
	service := bus.Object(name, "/org/freedesktop/secrets")
	var collection dbus.ObjectPath
	if err := service.CallWithContext(ctx, "org.freedesktop.Secret.Service.ReadAlias", 0, "default").Store(&collection); err != nil {
		return false, fmt.Errorf("ask for keyring: %w", err)
	}
	// The library prefers one that is called login.
	var collections []dbus.ObjectPath
	if err := property(ctx, service, "org.freedesktop.Secret.Service", "Collections", &collections); err != nil {
		return false, err
	}
	for _, path := range collections {
		if strings.HasSuffix(string(path), "/collection/login") {
			collection = path
		}
	}
	if collection == "/" {
		return false, errors.New("no keyring has been made")
	}
	var locked bool
	err = property(ctx, bus.Object(name, collection), "org.freedesktop.Secret.Collection", "Locked", &locked)
	return !locked, err
}

func property(ctx context.Context, of dbus.BusObject, kind, name string, into any) error {
	err := of.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, kind, name).Store(into)
	if err != nil {
		return fmt.Errorf("ask keyring for %s: %w", name, err)
	}
	return nil
}

// busAddress is where the library will find the session bus, or empty where it
// would start one.
func busAddress() string {
	if address := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" {
		if strings.HasPrefix(address, "autolaunch:") {
			return ""
		}
		return address
	}
	socket := filepath.Join("/run/user", strconv.Itoa(os.Getuid()), "bus")
	if _, err := os.Stat(socket); err != nil {
		return ""
	}
	return "unix:path=" + socket
}
