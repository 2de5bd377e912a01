package app

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"
)

// lookAtPower asks the system bus: NetworkManager, whether the network is paid by
// the byte, and UPower, whether the battery is low. Where there is no bus, or
// nobody answers, neither is so.
func lookAtPower(ctx context.Context) sparing {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	bus, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return sparesNothing
	}
	defer func() { _ = bus.Close() }() // nothing is under way on it
	const manager, power = "org.freedesktop.NetworkManager", "org.freedesktop.UPower"
	metered, _ := property(ctx, bus.Object(manager, "/org/freedesktop/NetworkManager"), manager, "Metered").(uint32)
	warning, _ := property(ctx, bus.Object(power, "/org/freedesktop/UPower/devices/DisplayDevice"), power+".Device", "WarningLevel").(uint32)
	return weighPower(metered, warning)
}

// weighPower reads what NetworkManager (NMMetered: 1 yes, 3 probably) and UPower
// (UpDeviceLevel: 3 low, 4 critical, 5 about to end) say.
func weighPower(metered, warning uint32) sparing {
	switch {
	case metered == 1, metered == 3:
		return onMetered
	case warning >= 3 && warning <= 5:
		return onBattery
	}
	return sparesNothing
}

// property is one of an object's; nil where there is none.
func property(ctx context.Context, of dbus.BusObject, face, name string) any {
	var value dbus.Variant
	call := of.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", dbus.FlagNoAutoStart, face, name)
	if call.Store(&value) != nil {
		return nil
	}
	return value.Value()
}
