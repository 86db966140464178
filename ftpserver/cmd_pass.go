package ftpserver

import (
	"context"
	"errors"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftp"
)

// failurePause is how long the answer to the first wrong password of a session
// is held back; each further one doubles it.
const failurePause = 250 * time.Millisecond

var errEmptyGrant = errors.New("ftpserver: Login returned no account or no tree")

// cmdPass judges the password, in a job: hashes are slow by design.
func cmdPass(_ context.Context, s *session, arg string) (*job, error) {
	if s.byCertificate {
		return replyJob(ftp.Replyf(ftp.Code202Superfluous, "Logged in by certificate already.")), nil // RFC 2228 §5
	}
	if !s.given.hasUser {
		return nil, refuse(ftp.Code503BadSequence, "Send USER first.")
	}
	c := s.credentials(s.given.user)
	c.Password = arg
	login, pause := s.srv.Login, failurePause<<s.failures
	var grant *auth.Grant
	return &job{
		run: func(ctx context.Context) outcome {
			var err error
			grant, err = checked(login(ctx, c))
			if errors.Is(err, auth.ErrDenied) {
				pauseFor(ctx, pause)
			}
			return outcome{err: err}
		},
		then:    func(out *outcome) { s.loginEnded(c.User, grant, out) },
		discard: func() { release(grant) },
	}, nil
}

// checked takes a grant only if it is one.
func checked(grant *auth.Grant, err error) (*auth.Grant, error) {
	if err == nil && (grant == nil || grant.FS == nil || grant.Account == "") {
		release(grant)
		return nil, errEmptyGrant
	}
	return grant, err
}

// release tells who gave a grant that it is of no more use here.
func release(grant *auth.Grant) {
	if grant != nil && grant.Release != nil {
		grant.Release()
	}
}

// loginEnded puts the result of a login into force.
func (s *session) loginEnded(user string, grant *auth.Grant, out *outcome) {
	e := Event{Kind: EventLogin, User: user, Err: out.err, Certificate: out.reply.Code == ftp.Code232LoggedInSecurely}
	switch {
	case out.err == nil:
		s.settle()
		s.grant, s.cwd, s.state = grant, grant.Home, loggedIn
		s.identity.Store(&identity{grant.Account, s.clientKey(), s.via.legacy})
		s.show()
		if out.reply.IsZero() {
			out.reply = ftp.Replyf(ftp.Code230LoggedIn, "Logged in.")
		}
	case errors.Is(out.err, auth.ErrDenied):
		e.Kind = EventLoginFailed
		s.failures++
		if s.failures >= s.srv.Limits.LoginFailures {
			out.reply = ftp.Replyf(ftp.Code421Closing, "Too many failed logins.")
		} else {
			out.reply = s.replyTo(out.err)
		}
	default:
		e.Kind = EventLoginFailed
		out.reply = ftp.Replyf(ftp.Code421Closing, "Login is not possible now; try again later.")
		s.srv.Logger.Error("login failed", "session", s.name(), "error", out.err)
	}
	e.Reply = out.reply.Code
	s.observe(e)
}
