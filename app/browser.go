package app

import (
	"crypto/rand"
	"encoding/base64"
)

// BrowserAccess is how a browser gets to this device's window: the secret in
// its link, and the port that it was served at last. Both are kept, so that a
// page which is open while the peer restarts finds its way back and hands over
// what it could not save meanwhile.
type BrowserAccess struct {
	Token string `json:"token"`
	Port  uint16 `json:"port,omitempty"`
}

// BrowserAccess answers with what is kept, and draws the token at first.
func (a *App) BrowserAccess() (BrowserAccess, error) {
	if kept := a.settings.get().Browser; kept != nil && kept.Token != "" {
		return *kept, nil
	}
	var secret [32]byte
	rand.Read(secret[:]) // never fails: it ends the process where there is no randomness
	access := BrowserAccess{Token: base64.RawURLEncoding.EncodeToString(secret[:])}
	return access, a.settings.change(func(s *settings) { s.Browser = &access })
}

// KeepBrowserPort remembers where the window is served now.
func (a *App) KeepBrowserPort(port uint16) error {
	access, err := a.BrowserAccess()
	if err != nil || access.Port == port {
		return err
	}
	access.Port = port
	return a.settings.change(func(s *settings) { s.Browser = &access })
}
