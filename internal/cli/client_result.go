package cli

import (
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
)

// finished describes a transfer that is done and verified; it is also its JSON.
type finished struct {
	Event   string  `json:"event"` // "finished"
	Op      string  `json:"op"`    // "get" or "put"
	URL     string  `json:"url"`   // without password
	Local   string  `json:"local"`
	Offset  int64   `json:"offset"` // where a resume began
	Bytes   int64   `json:"bytes"`  // moved now
	Seconds float64 `json:"seconds"`
	// Verified lists what proves the file: "close_notify", "reply", "size", "hash".
	Verified []string `json:"verified"`
	// TLSResumed says that the data connection proved to be of the same server.
	TLSResumed bool `json:"tls_resumed"`

	elapsed time.Duration
}

func newFinished(op string, u ftp.URL, local string, offset int64, r ftpclient.Result, elapsed time.Duration) finished {
	d := finished{
		Event: "finished", Op: op, URL: u.String(), Local: local, Offset: offset, Bytes: r.Bytes,
		Seconds: elapsed.Seconds(), elapsed: elapsed, TLSResumed: r.Resumed,
	}
	if r.CleanEnd {
		d.Verified = append(d.Verified, "close_notify")
	}
	d.Verified = append(d.Verified, "reply")
	if r.Size >= 0 {
		d.Verified = append(d.Verified, "size")
	}
	if r.HashAgrees {
		d.Verified = append(d.Verified, "hash")
	}
	return d
}

// print writes the final line of a transfer.
func (d finished) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return ui.WriteJSON(w, d)
	}
	resumed := ""
	if d.Offset > 0 {
		resumed = fmt.Sprintf(" from %s on", ui.Count(d.Offset))
	}
	_, err := fmt.Fprintf(w, "%s: %s%s in %s (%s), verified: %s\n", ui.Safe(d.Local), ui.Counted(d.Bytes, "byte"), resumed,
		d.elapsed.Round(time.Millisecond), ui.Rate(d.Bytes, d.elapsed), d.proof())
	return err
}

// proof is the strongest fact that is known.
func (d finished) proof() string {
	switch last := d.Verified[len(d.Verified)-1]; {
	case last == "size", last == "hash":
		return last
	case len(d.Verified) > 1:
		return "end of data"
	}
	return "reply only"
}

// rawName is for JSON: the bytes of a name that is not UTF-8, which a JSON string
// cannot hold.
func rawName(name string) []byte {
	if utf8.ValidString(name) {
		return nil
	}
	return []byte(name) // encoded as BASE64
}
