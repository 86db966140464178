package daemon

import (
	"sync/atomic"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/control"
)

// tally counts what happens.
type tally struct {
	sessions, logins, loginsFailed, refused, tlsFailed    atomic.Int64
	uploads, uploadBytes, downloads, downloadBytes, broke atomic.Int64
	reloads, reloadsRefused                               atomic.Int64
}

func (t *tally) count(e ftpserver.Event) {
	switch e.Kind {
	case ftpserver.EventSessionStart:
		t.sessions.Add(1)
	case ftpserver.EventLogin:
		t.logins.Add(1)
	case ftpserver.EventLoginFailed:
		t.loginsFailed.Add(1)
	case ftpserver.EventRefused:
		t.refused.Add(1)
	case ftpserver.EventTLSFailed:
		t.tlsFailed.Add(1)
	case ftpserver.EventTransfer:
		t.transfer(e)
	}
}

func (t *tally) transfer(e ftpserver.Event) {
	count, bytes := &t.downloads, &t.downloadBytes
	switch e.Verb {
	case "STOR", "STOU", "APPE":
		count, bytes = &t.uploads, &t.uploadBytes
	}
	bytes.Add(e.Bytes)
	if e.Err != nil {
		t.broke.Add(1)
		return
	}
	if e.Verb == "RETR" || count == &t.uploads { // listings are no files
		count.Add(1)
	}
}

func (t *tally) stats() control.Stats {
	return control.Stats{
		SessionsTotal: t.sessions.Load(), Logins: t.logins.Load(), LoginsFailed: t.loginsFailed.Load(), Refused: t.refused.Load(),
		TLSFailed: t.tlsFailed.Load(), Uploads: t.uploads.Load(), UploadBytes: t.uploadBytes.Load(), Downloads: t.downloads.Load(),
		DownloadBytes: t.downloadBytes.Load(), TransferErrors: t.broke.Load(),
		Reloads: t.reloads.Load(), ReloadsRefused: t.reloadsRefused.Load(),
	}
}
