package ftpserver

import (
	"context"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// cmdMff sets facts of a file or directory, all or none (draft-somers-ftp-mfxx-04 §5).
func cmdMff(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	facts, name, ok := strings.Cut(arg, " ")
	if !ok || name == "" || !strings.HasSuffix(facts, ";") {
		return ftp.Replyf(ftp.Code501BadParameter, "MFF needs facts, each with ; behind it, and a path."), nil
	}
	var a vfs.Attr
	done := ""
	for fact := range strings.SplitSeq(strings.TrimSuffix(facts, ";"), ";") {
		said, err := setFact(&a, fact)
		if err != nil {
			return ftp.Reply{}, err
		}
		done += said
	}
	p, err := s.path(name)
	if err != nil {
		return ftp.Reply{}, err
	}
	if err := s.setAttr(ctx, p, a); err != nil {
		return ftp.Reply{}, err
	}
	s.marked("MFF", p, a)
	return ftp.Replyf(ftp.Code213FileStatus, "%s %s", done, name), nil
}

// setFact reads one fact into a, and gives it as the reply has it.
func setFact(a *vfs.Attr, fact string) (string, error) {
	name, value, _ := strings.Cut(fact, "=")
	switch {
	case strings.EqualFold(name, "Modify"):
		t, err := ftp.ParseTime(value)
		if err != nil {
			return "", refuse(ftp.Code501BadParameter, "Modify needs a time (YYYYMMDDHHMMSS).")
		}
		a.ModTime = t
		return "Modify=" + ftp.FormatTime(t) + ";", nil
	case strings.EqualFold(name, string(ftp.FactUnixMode)):
		mode, err := parseMode(value)
		a.Mode = &mode
		return fmt.Sprintf("UNIX.mode=%04o;", mode), err
	}
	return "", refuse(ftp.Code504BadParameterValue, "MFF sets Modify and UNIX.mode.")
}

// parseMode reads permission bits in octal. Bits beyond them (setuid and the like)
// are never set over FTP (S-87).
func parseMode(s string) (fs.FileMode, error) {
	n, err := strconv.ParseUint(s, 8, 16)
	switch {
	case err != nil || !isNumber(s):
		return 0, refuse(ftp.Code501BadParameter, "A mode is octal digits, such as 644.")
	case n > 0o777:
		return 0, refuse(ftp.Code504BadParameterValue, "A mode here is 777 at most.")
	}
	return fs.FileMode(n), nil
}
