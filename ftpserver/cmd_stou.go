package ftpserver

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// stouTries is how many names are tried; each has 40 random bits.
const stouTries = 8

// cmdStou stores a file under a name that nothing has (RFC 959 §4.1.3). An argument
// is the name that the client would like. The opening reply tells which it is, in the
// form that programs read (RFC 1123 §4.1.2.9).
func cmdStou(ctx context.Context, s *session, arg string) (*job, error) {
	name := arg
	if arg == "" || strings.HasSuffix(arg, "/") { // a directory is no wish for a name
		arg += "upload"
		name = uniqueName(arg)
	}
	j, err := s.store(ctx, name, vfs.Create{Exclusive: true})
	for range stouTries {
		if !errors.Is(err, vfs.ErrExist) && !errors.Is(err, vfs.ErrIsDir) {
			break
		}
		name = uniqueName(arg)
		j, err = s.store(ctx, name, vfs.Create{Exclusive: true})
	}
	if err != nil {
		return nil, err
	}
	j.opening = ftp.Replyf(ftp.Code150Opening, "FILE: %s", name)
	return j, nil
}

// uniqueName puts random letters behind a name.
func uniqueName(name string) string {
	var b [5]byte
	rand.Read(b[:])
	return name + "." + strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}
