package ftpserver

import (
	"context"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftp"
)

// cmdUser names the account. It flushes any login (RFC 959 §4.1.1) and answers 331,
// whether or not the name exists (RFC 2577 §7), unless the certificate of the client
// alone logs it in: 232 (RFC 2228 §5).
func cmdUser(_ context.Context, s *session, arg string) (*job, error) {
	if s.cleared {
		return replyJob(s.afterCcc()), nil // another password would cross the network in clear
	}
	s.logout()
	s.next.user, s.next.hasUser = arg, true
	needPassword := ftp.Replyf(ftp.Code331NeedPassword, "Password required.")
	c := s.credentials(arg)
	if c.Certificate == nil { // one that nobody vouches for may be known by its key
		return replyJob(needPassword), nil
	}
	c.NoPassword = true
	login := s.srv.Login
	var grant *auth.Grant
	return &job{
		run: func(ctx context.Context) outcome {
			var err error
			if grant, err = checked(login(ctx, c)); err != nil {
				return outcome{reply: needPassword}
			}
			return outcome{reply: ftp.Replyf(ftp.Code232LoggedInSecurely, "Logged in by certificate.")}
		},
		then: func(out *outcome) {
			if out.reply.Code == ftp.Code232LoggedInSecurely {
				s.loginEnded(c.User, grant, out)
				s.byCertificate = true
			}
		},
		discard: func() { release(grant) },
	}, nil
}
