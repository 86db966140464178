package ftpserver

import (
	"context"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/listing"
	"github.com/sealane/sealane/vfs"
)

// maxStatEntries bounds a listing on the control connection, which is held in
// memory until it is sent.
const maxStatEntries = 1000

// cmdStat tells the state of the session, also while a transfer runs, or lists a
// path on the control connection (RFC 959 §4.1.3).
func cmdStat(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	if arg == "" {
		return s.status(), nil
	}
	if s.job != nil {
		return ftp.Replyf(ftp.Code503BadSequence, "STAT with a path has to wait for the transfer."), nil
	}
	return s.statPath(ctx, arg)
}

func (s *session) status() ftp.Reply {
	control, data, now := "clear", "clear", "idle"
	if state := s.conn.TLS(); state != nil {
		control = tlsVersion(state.Version)
	}
	if s.prot == protPrivate {
		data = "private (PROT P)"
	}
	if s.job != nil {
		now = s.job.event.Verb + " is running"
	}
	return ftp.Reply{Code: ftp.Code211Status, Lines: []string{
		"Status:",
		"Account: " + s.grant.Account,
		"Control connection: " + control,
		"Data connections: " + data,
		"Uploads: " + uploads(s.grant.FS.Caps()),
		"TYPE: " + s.typ.String() + "; STRU: File; MODE: " + s.mode.String(),
		"Now: " + now,
		"End of status.",
	}}
}

// uploads says what a 226 after an upload promises.
func uploads(c vfs.Caps) string {
	text := "seen when whole; durability "
	if c.InPlace {
		text = "seen while they are written; durability "
	}
	return text + c.Durability.String()
}

// statPath lists what LIST would: 213 for one file, 212 for a directory or what
// matches in it.
func (s *session) statPath(ctx context.Context, arg string) (ftp.Reply, error) {
	t, err := s.listTarget(ctx, arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	now, lines := time.Now(), []string{"Status:"}
	for e, err := range t.entries(ctx, vfs.WantInfo) {
		if err != nil {
			return ftp.Reply{}, err
		}
		if len(lines) > maxStatEntries {
			return ftp.Replyf(ftp.Code504BadParameterValue, "Too many entries for STAT; use MLSD or LIST."), nil
		}
		lines = append(lines, string(listing.AppendList(nil, e, now)))
	}
	code := ftp.Code212DirStatus
	switch {
	case t.file != nil:
		code = ftp.Code213FileStatus
	case t.pattern != nil && len(lines) == 1:
		return ftp.Reply{}, errNoMatch
	}
	return ftp.Reply{Code: code, Lines: append(lines, "End of status.")}, nil
}
