package app

import (
	"context"
	"errors"
	"sync"
)

// Door is a device that may be locked still. Windows open on it at once, and
// whoever knows the passphrase opens the device through one of them. It is
// safe for concurrent use. Close ends it.
type Door struct {
	options Options
	frame   *frameFile
	attend  func(*App) (leave func() error)
	ctx     context.Context
	cancel  context.CancelFunc
	unlocks chan struct{} // closed when the device is open

	opening sync.Mutex // held by the one who tries

	mu     sync.Mutex
	peer   *App
	locked error // why the device is not open, until it is
	leave  func() error
	handed string // for the device, once it is open
	closed bool
}

// NewDoor makes the door of a device, which it does not open yet. attend is
// called once, when the device has been opened; what it returns is called
// before it is closed. The Options' Passphrase does not matter. It fails with
// CodeUnwritable.
func NewDoor(o Options, attend func(*App) (leave func() error)) (*Door, error) {
	if err := prepareData(o.Locations); err != nil {
		return nil, err
	}
	frame, err := openFrame(o.Locations.Frame())
	if err != nil {
		return nil, unwritable(o.Locations.Data(), err)
	}
	d := &Door{options: o, frame: frame, attend: attend, unlocks: make(chan struct{})}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.locked = errLocked
	return d, nil
}

// Unattended is for a Door whose device nobody else has to do with.
func Unattended(*App) (leave func() error) { return func() error { return nil } }

var errLocked = newError(CodeLocked, "The work on this computer is locked. Unlock it first.")

// IsLocked says whether an error of Open means that the device waits for
// somebody: for a passphrase, or for its keyring to be opened. Others will not
// go away by themselves.
func IsLocked(err error) bool {
	var told *Error
	return errors.As(err, &told) && (told.Code == CodeLocked || told.Code == CodeWrongPassphrase || told.Code == CodeKeyring)
}

// Open tries to open the device. passphrase may be nil; the caller may wipe
// it. It fails like the package's Open. Once the device is open, it does
// nothing.
func (d *Door) Open(ctx context.Context, passphrase []byte) error {
	d.opening.Lock()
	defer d.opening.Unlock()
	if d.App() != nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.ctx, cancel)()
	o := d.options
	o.Passphrase, o.frame = passphrase, d.frame
	peer, err := Open(ctx, o)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		if told := Explain(err); IsLocked(err) && told.Code != CodeWrongPassphrase {
			d.locked = told
		}
		return err
	}
	if d.closed {
		return errors.Join(Explain(context.Canceled), peer.Close())
	}
	d.peer, d.leave = peer, d.attend(peer)
	if d.handed != "" {
		peer.Hand(d.handed)
	}
	close(d.unlocks)
	return nil
}

// App is the device, or nil while it is locked.
func (d *Door) App() *App {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.peer
}

// Hand is App.Hand, as soon as the device is open.
func (d *Door) Hand(code string) {
	d.mu.Lock()
	peer := d.peer
	if peer == nil && code != "" {
		d.handed = code
	}
	d.mu.Unlock()
	if peer != nil {
		peer.Hand(code)
	}
}

// reason is why the device is not open.
func (d *Door) reason() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.locked
}

// Close closes the device, if it is open. Its windows are closed by then. It
// may be called once.
func (d *Door) Close() error {
	d.cancel()
	d.opening.Lock()
	defer d.opening.Unlock()
	d.mu.Lock()
	d.closed = true
	peer, leave := d.peer, d.leave
	d.mu.Unlock()
	if peer == nil {
		return nil
	}
	return errors.Join(leave(), peer.Close())
}

// Locations are the paths of the device.
func (d *Door) Locations() Locations { return d.options.Locations }

// WindowSize is the size that the desktop window had last, or zero.
func (d *Door) WindowSize() WindowSize { return d.frame.size() }

// SetWindowSize remembers the size of the desktop window.
func (d *Door) SetWindowSize(size WindowSize) error { return d.frame.setSize(size) }

// BrowserAccess answers with what is kept, and draws the token at first.
func (d *Door) BrowserAccess() (BrowserAccess, error) { return d.frame.access() }

// KeepBrowserPort remembers where the window is served now.
func (d *Door) KeepBrowserPort(port uint16) error { return d.frame.keepPort(port) }

// Pane is where a window is: there from the beginning, with a Lock in it until
// the device is open, and a Window from then on.
type Pane struct {
	door *Door
	ctx  context.Context
	emit func(Event)

	mu       sync.Mutex
	window   *Window
	close    func()
	delivery Delivery
}

// DeliverBy says how the window gets files to the person at it. It is called
// before Target.
func (p *Pane) DeliverBy(d Delivery) { p.delivery = d }

// OpenWindow makes a pane, as App.OpenWindow makes a window. When the device
// is opened while it waits, the pane is told EventUnlocked.
func (d *Door) OpenWindow(ctx context.Context, emit func(Event)) (_ *Pane, close func()) {
	ctx, cancel := context.WithCancel(ctx)
	p := &Pane{door: d, ctx: ctx, emit: emit}
	var waiting sync.WaitGroup
	if d.App() == nil {
		waiting.Go(func() {
			select {
			case <-d.unlocks:
				emit(Event{Name: EventUnlocked, Data: NoData{}})
			case <-ctx.Done():
			}
		})
	}
	return p, func() {
		cancel()
		waiting.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.close != nil {
			p.close()
		}
	}
}

// Target is what answers the window's calls now: a *Lock, or a *Window.
func (p *Pane) Target() any {
	peer := p.door.App()
	if peer == nil {
		return &Lock{door: p.door, ctx: p.ctx}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.window == nil {
		p.window, p.close = peer.OpenWindow(p.ctx, p.emit)
		DeliverBy(p.window, p.delivery)
	}
	return p.window
}

// Lock is what a window may ask while the device is locked: its exported
// methods are among those of Window.
type Lock struct {
	door *Door
	ctx  context.Context
}

// Hello fails with what is needed to open the device: CodeLocked, a
// passphrase; CodeKeyring, the platform's keyring.
func (l *Lock) Hello() (Welcome, error) { return Welcome{}, l.door.reason() }

// Unlock opens the device with a passphrase; where the keyring has the key, it
// tries once more and the passphrase does not matter.
func (l *Lock) Unlock(passphrase string) error {
	raw := []byte(passphrase)
	defer clear(raw)
	return l.door.Open(l.ctx, raw)
}
