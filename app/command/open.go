package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"parley/app"
)

// Open hands a link or an invitation file to the window that is open.
type Open struct {
	Link string `arg:"" optional:"" help:"A parley: link, an invitation file, a .parley-bundle file, or a code. Without one, the window only comes to the front."`
}

func (*Open) notRunning() error {
	return app.NewError(app.CodeNotFound, "No Parley is running on this data directory. Start parley with the link.", nil)
}

func (c *Open) prepare() (err error) {
	if c.Link != "" {
		c.Link, err = app.ReadHanded(c.Link)
	}
	return err
}

type opened struct {
	Windows int `json:"windows"` // that are open
}

func (r opened) Plain() string {
	if r.Windows == 0 {
		return "No window is open now. The next one asks about it.\n"
	}
	return "The window asks about it now.\n"
}

// Run hands it over. Nothing comes of it before a person says so there.
func (c *Open) Run(_ context.Context, peer *app.App, reply Reply) error {
	peer.Hand(c.Link)
	return reply.Result(opened{peer.Windows()})
}

// Show brings the window of the peer that runs on a data directory to the
// front, and has it ask about a code, where one is given. shown is false where
// no peer runs there, or one without a window.
func Show(ctx context.Context, l app.Locations, code string) (shown bool, err error) {
	var out bytes.Buffer
	err = ask(ctx, l, "open", &Open{Link: code}, terminal{out: &out, json: true})
	if errors.Is(err, errNobody) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var answer opened
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		return false, fmt.Errorf("show window: %w", err)
	}
	return answer.Windows > 0, nil
}
