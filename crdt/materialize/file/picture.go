package file

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"image"
	_ "image/gif"  // what its header says is read, nothing is unfolded
	_ "image/jpeg" // likewise
	_ "image/png"  // likewise
)

// Picture is what the first bytes of a picture say.
type Picture struct {
	Media         string // "image/png" and so on
	Width, Height int    // pixels; 0 where that is not read
}

// Ending is how a file with it is named, without a dot.
func (p Picture) Ending() string {
	switch p.Media {
	case "image/jpeg":
		return "jpg"
	case "":
		return ""
	}
	return p.Media[len("image/"):]
}

// LookAt finds out what a picture is, by its bytes and not by its name, without
// unfolding it. ok is false for what is none that a page shows, and for one that
// is beyond the bounds.
func LookAt(raw []byte) (p Picture, ok bool) {
	if len(raw) > MaxPicture {
		return Picture{}, false
	}
	switch {
	case bytes.HasPrefix(raw, []byte("\x89PNG\r\n\x1a\n")):
		p.Media = "image/png"
	case bytes.HasPrefix(raw, []byte("\xff\xd8\xff")):
		p.Media = "image/jpeg"
	case bytes.HasPrefix(raw, []byte("GIF87a")), bytes.HasPrefix(raw, []byte("GIF89a")):
		p.Media = "image/gif"
	case len(raw) >= 12 && string(raw[:4]) == "RIFF" && string(raw[8:12]) == "WEBP":
		p.Media = "image/webp"
		p.Width, p.Height = webpSize(raw)
		return p, p.Width*p.Height <= MaxPixels
	default:
		return Picture{}, false
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil || config.Width <= 0 || config.Height <= 0 || config.Height > MaxPixels/config.Width {
		return Picture{}, false
	}
	p.Width, p.Height = config.Width, config.Height
	return p, true
}

// webpSize reads the size from the header of the extended format; 0 for others.
func webpSize(raw []byte) (width, height int) {
	if len(raw) < 30 || string(raw[12:16]) != "VP8X" {
		return 0, 0
	}
	size := func(at int) int { return int(binary.LittleEndian.Uint32(raw[at:])&0xffffff) + 1 }
	return size(24), int(raw[27]) | int(raw[28])<<8 | int(raw[29])<<16 + 1
}

// Keep takes a picture into the document and returns what its block's attribute
// "src" has to say. ok is false where LookAt's is, or the document has too many.
func (d *Document) Keep(raw []byte) (src string, ok bool) {
	if _, ok := LookAt(raw); !ok {
		return "", false
	}
	hash := sha256.Sum256(raw)
	src = "blob:" + hex.EncodeToString(hash[:])
	if _, there := d.Files[src]; !there {
		total := len(raw)
		for _, other := range d.Files {
			total += len(other)
		}
		if len(d.Files) >= MaxPictures || total > MaxFile {
			return "", false
		}
	}
	if d.Files == nil {
		d.Files = make(map[string][]byte)
	}
	d.Files[src] = raw
	return src, true
}
