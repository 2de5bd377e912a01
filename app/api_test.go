package app_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/app"
)

// TestTheBridgeNamesWhatAWindowHas compares frontend/src/bridge/api.ts, and the
// chapters that belong to it, with app.Window: the same methods with the same number of parameters, the same
// events, the same fields in every shape.
func TestTheBridgeNamesWhatAWindowHas(t *testing.T) {
	api := readAPI(t)
	window := reflect.TypeFor[*app.Window]()
	want := make(map[string]int)
	for i := range window.NumMethod() {
		method := window.Method(i)
		want[method.Name] = method.Type.NumIn() - 1
	}
	got := make(map[string]int)
	for _, m := range regexp.MustCompile(`(?m)^\t(\w+)\((.*)\): Promise<`).FindAllStringSubmatch(api.body(t, "WindowApi"), -1) {
		got[m[1]] = 0
		if m[2] != "" {
			got[m[1]] = strings.Count(m[2], ",") + 1
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("methods of WindowApi and their parameters:\n%v\nof app.Window:\n%v", got, want)
	}
	events := api.fields(t, "Events")
	wantEvents := []string{
		string(app.EventCarrying), string(app.EventCatching), string(app.EventClosing), string(app.EventCompany), string(app.EventExporting), string(app.EventHanded), string(app.EventHere), string(app.EventMoved),
		string(app.EventNetwork), string(app.EventNotices), string(app.EventRoom), string(app.EventSpaces), string(app.EventStatus), string(app.EventSucceeding),
		string(app.EventUnlocked),
	}
	if !slices.Equal(events, wantEvents) {
		t.Errorf("events are %v in api.ts and %v in Go", events, wantEvents)
	}
}

func TestTheBridgeNamesTheSameFields(t *testing.T) {
	api := readAPI(t)
	for name, shape := range map[string]reflect.Type{
		"Person":        reflect.TypeFor[app.Person](),
		"Member":        reflect.TypeFor[app.Member](),
		"MemberDevice":  reflect.TypeFor[app.MemberDevice](),
		"Former":        reflect.TypeFor[app.Former](),
		"Space":         reflect.TypeFor[app.Space](),
		"Successor":     reflect.TypeFor[app.Successor](),
		"Request":       reflect.TypeFor[app.Request](),
		"Quarantined":   reflect.TypeFor[app.Quarantined](),
		"Welcome":       reflect.TypeFor[app.Welcome](),
		"Opened":        reflect.TypeFor[app.OpenedDocument](),
		"Author":        reflect.TypeFor[app.Author](),
		"Pulled":        reflect.TypeFor[app.Pulled](),
		"Invitation":    reflect.TypeFor[app.Invitation](),
		"InviteOptions": reflect.TypeFor[app.InviteOptions](),
		"Room":          reflect.TypeFor[app.Room](),
		"RoomGuest":     reflect.TypeFor[app.RoomGuest](),
		"DocumentSeen":  reflect.TypeFor[app.DocumentSeen](),
		"CatchingUp":    reflect.TypeFor[app.CatchingUp](),
		"Exported":      reflect.TypeFor[app.Exported](),

		"SavedDocument":    reflect.TypeFor[app.SavedDocument](),
		"ImportedDocument": reflect.TypeFor[app.Imported](),
		"LeftOut":          reflect.TypeFor[app.LeftOut](),
		"Here":             reflect.TypeFor[app.Here](),
		"MemberStatus":     reflect.TypeFor[app.MemberStatus](),
		"Status":           reflect.TypeFor[app.Status](),
		"Peer":             reflect.TypeFor[app.Peer](),
		"MyDevice":         reflect.TypeFor[app.MyDevice](),
		"LinkCode":         reflect.TypeFor[app.LinkCode](),
		"Linked":           reflect.TypeFor[app.Linked](),
		"RecoverySheet":    reflect.TypeFor[app.RecoverySheet](),
		"RecoveryState":    reflect.TypeFor[app.RecoveryState](),
		"WordsProblem":     reflect.TypeFor[app.WordsProblem](),
		"Safety":           reflect.TypeFor[app.Safety](),
		"PendingJoin":      reflect.TypeFor[app.PendingJoin](),
		"Network":          reflect.TypeFor[app.Network](),
		"Connection":       reflect.TypeFor[app.Connection](),
		"ConnectionTest":   reflect.TypeFor[app.ConnectionTest](),
		"KeeperTest":       reflect.TypeFor[app.KeeperTest](),
		"DeviceTest":       reflect.TypeFor[app.DeviceTest](),
		"Notice":           reflect.TypeFor[app.Notice](),
		"File":             reflect.TypeFor[app.File](),
	} {
		if got, want := api.fields(t, name), jsonFields(shape); !slices.Equal(got, want) {
			t.Errorf("fields of %s are %v in api.ts and %v in Go", name, got, want)
		}
	}
}

type apiSource string

func readAPI(t *testing.T) apiSource {
	t.Helper()
	read := func(chapter string) string {
		raw, err := os.ReadFile(filepath.Join("..", "frontend", "src", "bridge", chapter+".ts"))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	all := read("api")
	for _, chapter := range regexp.MustCompile(`export type \* from "\./(\w+)"`).FindAllStringSubmatch(all, -1) {
		all += read(chapter[1])
	}
	return apiSource(all)
}

var interfaces = regexp.MustCompile(`(?ms)^export interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}`)

// body is what stands between the braces of an interface.
func (s apiSource) body(t *testing.T, name string) string {
	t.Helper()
	for _, m := range interfaces.FindAllStringSubmatch(string(s), -1) {
		if m[1] == name {
			return m[3]
		}
	}
	t.Fatalf("api.ts has no interface %s", name)
	return ""
}

// fields are the names of an interface's fields, sorted, those it extends
// included.
func (s apiSource) fields(t *testing.T, name string) []string {
	t.Helper()
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^\t(\w+)\??:`).FindAllStringSubmatch(s.body(t, name), -1) {
		names = append(names, m[1])
	}
	for _, m := range interfaces.FindAllStringSubmatch(string(s), -1) {
		if m[1] == name && m[2] != "" {
			names = append(names, s.fields(t, m[2])...)
		}
	}
	slices.Sort(names)
	return names
}

// jsonFields are the names that a struct has in JSON, sorted.
func jsonFields(shape reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(shape) {
		if field.Anonymous {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
