package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/dataconn"
)

// RFC 959 §5.4 means the dialogue to alternate, and on a long line each turn costs
// more than all that is said in it. Servers read lines, in whatever pieces they
// come (RFC 1123 §4.1.2.10), but nobody made them keep what came ahead. So the
// first commands that go ahead are FEAT and TYPE at the login, which do no harm
// whatever becomes of them; only a server that has answered both gets more. And
// what goes ahead never depends on the answer to what is before it: STOR does not
// follow REST unasked, or a refused REST would have the rest of a file replace all
// of it.

// readyFor is how long a data port that was asked for in advance is good for.
const readyFor = 2 * time.Second

// patience is how long a server gets to answer a command that was sent ahead for
// the first time.
func (c *Client) patience() time.Duration { return c.opt.Timeout / 6 }

// featuresAndType asks for the features and sets the type, and finds out whether
// the server takes commands that come ahead.
func (c *Client) featuresAndType() error {
	if c.opt.Lockstep {
		if err := c.feat(c.exchange("FEAT")); err != nil {
			return err
		}
		return c.binary()
	}
	if err := c.sendAll([]string{"FEAT"}, []string{"TYPE", "I"}); err != nil {
		return err
	}
	if err := c.feat(c.read()); err != nil {
		return err
	}
	r, err := c.readWithin(c.patience())
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return c.sayAgain()
	}
	if err != nil {
		return c.readFailed(err)
	}
	c.ahead = true
	return c.typeSet(c.final(r))
}

// sayAgain finds the step again after a TYPE that was not answered: it was thrown
// away, or its answer is slow. PWD tells, since its answer has a code of its own.
func (c *Client) sayAgain() error {
	r, err := c.exchange("PWD")
	if err == nil && r.Code == ftp.Code200OK { // the one to TYPE
		r, err = c.read()
	}
	switch {
	case err != nil:
		return err
	case r.Code != ftp.Code257Path:
		return c.broken("it is not clear which command was answered")
	}
	return c.binary()
}

func (c *Client) binary() error { return c.typeSet(c.expect(ftp.Completion, "TYPE", "I")) }

func (c *Client) typeSet(r ftp.Reply, err error) error {
	if err == nil && r.Code.Class() != ftp.Completion {
		err = &ftp.Error{Command: "TYPE", Reply: r}
	}
	return err
}

// batch is commands that do not depend on each other, and what judges the final
// reply to each.
type batch struct {
	lines  [][]string
	judges []func(ftp.Reply) error
}

func (b *batch) add(line []string, judge func(ftp.Reply) error) {
	b.lines, b.judges = append(b.lines, line), append(b.judges, judge)
}

// pipe sends the commands of b and has their replies judged, in their order. The
// first error is returned when all replies have been read, or no more will come.
func (c *Client) pipe(b batch) error {
	ahead := c.ahead && len(b.lines) > 1
	if ahead {
		if err := c.inStep(); err != nil {
			return err
		}
		if err := c.sendAll(b.lines...); err != nil {
			return err
		}
	}
	var first error
	for i, line := range b.lines {
		if !ahead {
			if err := c.sendAll(line); err != nil {
				return err
			}
		}
		r, err := c.read()
		if err == nil {
			r, err = c.final(r)
		}
		switch {
		case err != nil:
			if ahead && i > 0 && errors.Is(err, os.ErrDeadlineExceeded) {
				c.ahead = false // a Pool remembers it; this connection is lost
			}
		case r.Code == ftp.Code421Closing:
			err = &ftp.Error{Command: line[0], Reply: r}
		default:
			err = b.judges[i](r)
		}
		if first == nil {
			first = err
		}
		if c.lost() != nil {
			break
		}
	}
	if c.suspect && c.lost() == nil {
		return c.broken("it is not clear which command was answered")
	}
	return first
}

// inStep makes sure that no reply is there that nobody asked for: all that follow
// would be taken for those of other commands.
func (c *Client) inStep() error {
	if c.ctl.Buffered() == 0 {
		return nil
	}
	r, err := c.read()
	if err == nil && r.Code == ftp.Code421Closing {
		return &ftp.Error{Reply: r}
	}
	if err == nil {
		err = c.broken("it answered what was not asked")
	}
	return err
}

// passiveLine is the command that asks for a data port.
func (c *Client) passiveLine() []string {
	if c.noEPSV {
		return []string{"PASV"}
	}
	return []string{"EPSV"}
}

// foresee asks for a data port together with what is in b.
func (c *Client) foresee(b *batch) {
	if c.ahead && !c.opt.Active && c.ready == 0 && len(b.lines) > 0 {
		line := c.passiveLine()
		b.add(line, func(r ftp.Reply) error { return c.keepPort(line, r) })
	}
}

// keepPort takes the reply to a passiveLine that was sent together with others. A
// refusal is left for passive to find.
func (c *Client) keepPort(line []string, r ftp.Reply) error {
	if r.Code.Class() != ftp.Completion {
		c.noEPSV = c.noEPSV || r.Code.Class() == ftp.Permanent
		return nil
	}
	var port uint16
	var err error
	switch {
	case line[0] == "EPSV" && r.Code == ftp.Code229ExtendedPassive:
		port, err = passivePort(dataconn.ParseEPSV(r.Text()))
	case line[0] == "PASV" && r.Code == ftp.Code227Passive:
		address, perr := dataconn.ParsePASV(r.Text())
		port, err = passivePort(address.Port(), perr)
	default:
		return c.broken(fmt.Sprintf("%s was answered %d", line[0], r.Code))
	}
	if err != nil {
		c.fail(err)
		return err
	}
	c.suspect = false // nothing else is answered so
	c.ready, c.readyUntil = port, time.Now().Add(readyFor)
	return nil
}

// takeReady gives the data port that was asked for in advance, or 0.
func (c *Client) takeReady() uint16 {
	port := c.ready
	if c.ready = 0; time.Now().After(c.readyUntil) {
		return 0
	}
	return port
}

// errTooSoon is a refusal of a command that the server wants to get only when the
// data connection is there.
var errTooSoon = errors.New("the server wants the data connection first")

// hasten sends the command at once when the port is known, and connects meanwhile.
func (t *transfer) hasten(ctx context.Context, verb string, arg ...string) error {
	c := t.c
	port, err := c.passive()
	if err != nil {
		return err
	}
	if err := c.send(verb, arg...); err != nil {
		return err
	}
	t.raw, err = c.opt.dial(ctx, net.JoinHostPort(c.peer, strconv.Itoa(int(port))))
	if err != nil {
		return c.unreached(verb, err)
	}
	err = c.started(verb)
	var refused *ftp.Error
	if errors.As(err, &refused) && refused.Reply.Code == ftp.Code425NoDataConn {
		c.ahead = false
		return fmt.Errorf("%w: %w", errTooSoon, err)
	}
	return err
}

// unreached says why the data port was not there: a server that refuses the command
// may close it before we come. In any other case the server goes on waiting for us,
// for as long as it likes, and that is the end of the connection.
func (c *Client) unreached(verb string, dialed error) error {
	r, err := c.readWithin(min(replyGrace, c.opt.Timeout))
	if err == nil && r.Code.Class() >= ftp.Transient {
		return &ftp.Error{Command: verb, Reply: r}
	}
	c.fail(dialed)
	_ = c.raw.Close()
	return dialed
}
