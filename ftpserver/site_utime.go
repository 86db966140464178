package ftpserver

import (
	"context"
	"strings"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// siteUtime sets the times of a file. Two forms are in use: a time, to the minute or
// the second, and a path; or a path, the times of access, modification and creation,
// and "UTC". Both are UTC; that of creation is never set.
func siteUtime(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	name, a, ok := utimeBehind(arg)
	if !ok {
		name, a, ok = utimeBefore(arg)
	}
	if !ok {
		return ftp.Replyf(ftp.Code501BadParameter, "SITE UTIME needs YYYYMMDDhhmm[ss] and a path, or a path, three times and UTC."), nil
	}
	p, err := s.path(name)
	if err != nil {
		return ftp.Reply{}, err
	}
	if err := s.setAttr(ctx, p, a); err != nil {
		return ftp.Reply{}, err
	}
	s.marked("SITE UTIME", p, a)
	return ftp.Replyf(ftp.Code200OK, "Time changed."), nil
}

// utimeBefore reads "time path".
func utimeBefore(arg string) (string, vfs.Attr, bool) {
	when, name, _ := strings.Cut(arg, " ")
	t, ok := utime(when)
	return name, vfs.Attr{ModTime: t}, ok && name != ""
}

// utimeBehind reads "path access modification creation UTC".
func utimeBehind(arg string) (string, vfs.Attr, bool) {
	rest, ok := strings.CutSuffix(arg, " UTC")
	var times [3]time.Time
	for i := len(times) - 1; i >= 0 && ok; i-- {
		at := strings.LastIndexByte(rest, ' ')
		if at < 1 {
			return "", vfs.Attr{}, false
		}
		times[i], ok = utime(rest[at+1:])
		rest = rest[:at]
	}
	return rest, vfs.Attr{AccessTime: times[0], ModTime: times[1]}, ok
}

func utime(s string) (time.Time, bool) {
	if len(s) == len("200601021504") {
		s += "00"
	}
	t, err := ftp.ParseTime(s)
	return t, err == nil && isNumber(s)
}
