// Package desktop shows the window as a desktop app, by Wails. It is one host
// of app.Window, as app/web is the other, and the only package that knows
// Wails.
package desktop

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	goruntime "runtime"
	"time"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/options/mac"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"parley/app"
	"parley/app/web"
)

const (
	title     = "Parley"
	minWidth  = 360
	minHeight = 480
)

// defaultSize holds the text, the margin and the list of spaces side by side.
var defaultSize = app.WindowSize{Width: 1200, Height: 800}

// ErrNoScreen is the cause of Run's error where there is nothing to show a
// window on. Then no other window can be shown either.
var ErrNoScreen = errors.New("no screen")

func noScreen(cause error) error {
	return app.NewError(app.CodeInternal,
		"There is no screen to show a window on. Use parley-node serve --web 127.0.0.1:0, and open the link it prints in a browser.",
		errors.Join(ErrNoScreen, cause))
}

// Options say what window to show.
type Options struct {
	Door  *app.Door
	Files fs.FS // the built frontend
	// Side puts the window on that half of the screen, "left" or "right",
	// whatever size it had last. Some window managers do as they like.
	Side string
	Log  *slog.Logger
}

// Run shows the window of a device, locked or open, until it is closed, or the program is
// interrupted, which Wails takes for closing it. (Wails also puts the signal
// handlers right that WebKit replaces, so that a panic in Go stays a panic.)
// It fails with ErrNoScreen. It must be called on the main goroutine.
func Run(o Options) error {
	if !app.HasDisplay() {
		return noScreen(nil)
	}
	if err := keepApart(o.Door.Locations()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &desktop{Options: o, ctx: ctx, started: make(chan struct{})}
	window, closeWindow := o.Door.OpenWindow(ctx, d.emit)
	window.DeliverBy(d)
	d.window = window
	size := o.Door.WindowSize()
	if size.Width < minWidth || size.Height < minHeight {
		size = defaultSize
	}
	w := common(assetserver.Options{Assets: o.Files, Handler: http.HandlerFunc(d.serveFile)})
	w.Width, w.Height = size.Width, size.Height
	w.MinWidth, w.MinHeight = minWidth, minHeight
	if size.Maximised && o.Side == "" {
		w.WindowStartState = options.Maximised
	}
	w.Bind = []any{&Page{window: window, calls: web.WindowCalls()}}
	w.ErrorFormatter = d.explain
	w.OnStartup = d.startup
	w.OnBeforeClose = d.beforeClose
	w.Mac = &mac.Options{OnUrlOpen: d.handed, OnFileOpen: d.handed}
	err := show(w)
	// The page is gone. What waits for it ends first, then the window, which
	// waits for its pumps, which may have waited for the page.
	cancel()
	closeWindow()
	return err
}

// show runs a window until it is closed. Where there is no display after all,
// Wails says so by a panic.
func show(w *options.App) (err error) {
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case error:
			if fault.Error() != "failed to init GTK" {
				panic(fault)
			}
			err = noScreen(fault)
		default:
			panic(fault)
		}
	}()
	if err := wails.Run(w); err != nil {
		return fmt.Errorf("show window: %w", err)
	}
	return nil
}

// keepApart gives the web engine a place of its own for each device: what a
// page keeps is then not shared between the devices of one person, and goes
// where --data says. WebKitGTK asks the environment where that is. Fonts and
// icons of the user are still found.
func keepApart(l app.Locations) error {
	if goruntime.GOOS != "linux" {
		return nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return fmt.Errorf("find home directory: %w", err)
	}
	users := cmp.Or(os.Getenv("XDG_DATA_HOME"), filepath.Join(home, ".local", "share"))
	shared := cmp.Or(os.Getenv("XDG_DATA_DIRS"), "/usr/local/share:/usr/share")
	return errors.Join(
		os.MkdirAll(l.WindowCache(), 0o700), // which lies in WindowData
		os.Setenv("XDG_DATA_DIRS", users+":"+shared),
		os.Setenv("XDG_DATA_HOME", l.WindowData()),
		os.Setenv("XDG_CACHE_HOME", l.WindowCache()),
	)
}

// common are the options of every window of ours.
func common(page assetserver.Options) *options.App {
	page.Middleware = secure
	return &options.App{
		Title:            title,
		BackgroundColour: options.NewRGB(0xF6, 0xF3, 0xEC), // the ground of the light theme, until the page paints
		AssetServer:      &page,
		// Copy, paste and spelling by the mouse.
		EnableDefaultContextMenu: true,
		Linux: &linux.Options{
			ProgramName: "parley",
			// Text needs no graphics card, and some drivers show nothing.
			WebviewGpuPolicy: linux.WebviewGpuPolicyNever,
		},
	}
}

// secure gives the page the same policy that a browser gets.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", web.SecurityPolicy(""))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// Page is what Wails binds: the one method by which the page calls those of
// whatever answers it now, as a page in a browser does over its socket.
type Page struct {
	window *app.Pane
	calls  web.Calls
}

// Call calls a method of the window with parameters as JSON.
func (p *Page) Call(method string, params []json.RawMessage) (any, error) {
	return p.calls.Call(p.window.Target(), method, params)
}

type desktop struct {
	Options
	ctx     context.Context // ends when the window is closed
	wails   context.Context // set before started is closed
	started chan struct{}
	window  *app.Pane
}

func (d *desktop) startup(ctx context.Context) {
	d.wails = ctx
	close(d.started)
	d.takeSide()
}

// takeSide moves the window to its half of the screen.
func (d *desktop) takeSide() {
	if d.Side == "" {
		return
	}
	screens, err := runtime.ScreenGetAll(d.wails)
	if err != nil || len(screens) == 0 {
		d.Log.Warn("look at screens", "err", err)
		return
	}
	screen := screens[0].Size
	for _, s := range screens {
		if s.IsCurrent {
			screen = s.Size
		}
	}
	left := 0
	if d.Side == "right" {
		left = screen.Width / 2
	}
	runtime.WindowSetSize(d.wails, screen.Width/2, screen.Height*9/10) // what a panel may take is left
	runtime.WindowSetPosition(d.wails, left, 0)
}

// explain is what a bound method's error looks like in the page: JSON as text,
// because Wails makes of it the message of an error of JavaScript's.
func (d *desktop) explain(err error) any {
	told := app.Explain(err)
	d.Log.Info("call refused", "code", told.Code, "err", errors.Unwrap(told))
	raw, encodeErr := json.Marshal(told)
	if encodeErr != nil {
		return told.Message
	}
	return string(raw)
}

// handed takes a link or a file that the system gives to the program while it
// runs, as macOS does.
func (d *desktop) handed(argument string) {
	code, err := app.ReadHanded(argument)
	if err != nil {
		d.Log.Warn("a link was not taken", "err", err)
	}
	d.Door.Hand(code)
}

// emit gives an event to the page. Before there is one, it waits.
func (d *desktop) emit(event app.Event) {
	select {
	case <-d.started:
		if event.Name == app.EventHanded { // somebody has just asked for this window
			runtime.WindowUnminimise(d.wails)
			runtime.WindowShow(d.wails)
		}
		runtime.EventsEmit(d.wails, string(event.Name), event.Data)
	case <-d.ctx.Done():
	}
}

// closePatience is how long a page may take to hand in what was typed.
const closePatience = time.Second

// beforeClose lets the page hand in what was typed, and remembers the window's
// size. It never keeps a window from closing.
func (d *desktop) beforeClose(ctx context.Context) (prevent bool) {
	if window, ok := d.window.Target().(*app.Window); ok {
		app.FinishPage(window, closePatience)
	}
	if d.Side != "" {
		return false
	}
	size := d.Door.WindowSize()
	size.Maximised = runtime.WindowIsMaximised(ctx)
	if !size.Maximised {
		size.Width, size.Height = runtime.WindowGetSize(ctx)
	}
	if err := d.Door.SetWindowSize(size); err != nil {
		d.Log.Warn("remember window size", "err", err)
	}
	return false
}
