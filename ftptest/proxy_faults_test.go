package ftptest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// The faults of networks happen to whole sessions of our client with our server: each
// does everything once, with content that tells old, new and broken apart.
const (
	oldPut = "what was there before"
	newPut = "what the client sends, which is longer than what was there"
	toGet  = "what the client fetches; not a byte of it may be another"
)

func sessionTree() map[string]string {
	return map[string]string{"/d/put": oldPut, "/d/get": toGet, "/d/from": "moved", "/d/gone": "removed"}
}

// sessionPath is one server and the way to it, for one session after another.
type sessionPath struct {
	srv   *ftptest.Server
	proxy *ftptest.Proxy
	tree  atomic.Pointer[memfs.FS]
	ended chan struct{} // a session of the server has ended
	opt   ftpclient.Options
	url   ftp.URL
}

func newSessionPath(t *testing.T) *sessionPath {
	t.Helper()
	p := &sessionPath{proxy: &ftptest.Proxy{}, ended: make(chan struct{}, 1)}
	p.srv = ftptest.NewServer(nil, func(s *ftpserver.Server) {
		s.Login = func(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
			if c.User != ftptest.User || c.Password != ftptest.Password {
				return nil, auth.ErrDenied
			}
			return &auth.Grant{Account: c.User, FS: p.tree.Load()}, nil
		}
		s.Observe = func(_ context.Context, e ftpserver.Event) {
			if e.Kind == ftpserver.EventSessionEnd {
				p.ended <- struct{}{}
			}
		}
	})
	u, err := ftp.ParseURL("ftpes://" + p.srv.Addr)
	if err != nil {
		t.Fatal(err)
	}
	u.User, u.Password, u.HasPassword = ftptest.User, ftptest.Password, true
	p.url = u
	p.opt = ftpclient.Options{RootCAs: p.srv.Pool, DialContext: p.proxy.DialContext, Timeout: 10 * time.Second, FinishTimeout: 10 * time.Second}
	return p
}

func (p *sessionPath) close() {
	p.proxy.Close()
	p.srv.Close()
}

// outcome is what the client was told of each step; nil is success.
type outcome struct {
	dial, put, get, list, move, remove, quit error

	res   ftpclient.Result
	got   []byte
	names []string
}

// all is the steps in their order.
func (o *outcome) all() []error {
	return []error{o.dial, o.put, o.get, o.list, o.move, o.remove, o.quit}
}

// play plays the session with these faults, and returns when the server's end of it
// has ended too.
func (p *sessionPath) play(ctx context.Context, faults ...ftptest.Fault) (*outcome, error) {
	p.tree.Store(memfs.From(sessionTree()))
	p.proxy.Set(faults...)
	o := p.client(ctx)
	select {
	case <-p.ended:
		return o, nil
	case <-ctx.Done():
		return o, fmt.Errorf("the server's session does not end; the client: %v", o.all())
	}
}

func (p *sessionPath) client(ctx context.Context) *outcome {
	o := &outcome{}
	c, err := ftpclient.Dial(ctx, p.url, p.opt)
	if o.dial = err; err != nil {
		return o
	}
	defer c.Close()
	o.res, o.put = c.Store(ctx, "/d/put", 0, strings.NewReader(newPut))
	var got bytes.Buffer
	_, o.get = c.Retrieve(ctx, "/d/get", 0, &got)
	o.got = got.Bytes()
	o.names, o.list = list(ctx, c, "/d")
	o.move = c.Rename(ctx, "/d/from", "/d/to")
	o.remove = c.Remove(ctx, "/d/gone")
	o.quit = c.Quit(ctx)
	return o
}

// wrong says what of the outcome is not true: what was told to the client against the
// server's files, which are old or new in any case.
func (p *sessionPath) wrong(o *outcome) (problems []string) {
	tree := p.tree.Load()
	complain := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if o.dial != nil {
		o.put, o.get, o.list, o.move, o.remove, o.quit = o.dial, o.dial, o.dial, o.dial, o.dial, o.dial
	}
	switch put, there := content(tree, "/d/put"); {
	case !there || put != oldPut && put != newPut:
		complain("the file is neither old nor new: %q", put)
	case o.put == nil && put != newPut:
		complain("the upload was called a success, and is not there")
	}
	if o.put == nil && (!o.res.CleanEnd || !o.res.SizeAgrees || o.res.Bytes != int64(len(newPut))) {
		complain("the upload was called a success without its proof: %+v", o.res)
	}
	if o.get == nil && string(o.got) != toGet || !strings.HasPrefix(toGet, string(o.got)) {
		complain("the download gave %q (%v)", o.got, o.get)
	}
	// While the session lives, the listing is that of the tree ahead of the changes.
	slices.Sort(o.names)
	if o.list == nil && !slices.Equal(o.names, []string{"from", "get", "gone", "put"}) {
		complain("the listing was called complete: %q", o.names)
	}
	_, from := content(tree, "/d/from")
	moved, to := content(tree, "/d/to")
	if from == to || to && moved != "moved" || o.move == nil && !to {
		complain("renamed: old name %v, new name %v, told %v", from, to, o.move)
	}
	if _, there := content(tree, "/d/gone"); there && o.remove == nil {
		complain("the removal was called a success")
	}
	for e, err := range tree.List(context.Background(), vfsPath("/d"), 0) {
		if err != nil || !slices.Contains([]string{"put", "get", "from", "to", "gone"}, e.Name) {
			complain("left in the tree: %q, %v", e.Name, err)
		}
	}
	return problems
}

func vfsPath(name string) vfs.Path {
	p, err := vfs.Clean(name)
	if err != nil {
		panic(err) // the names are constants
	}
	return p
}

func content(fs vfs.FS, name string) (text string, there bool) {
	f, err := fs.Open(context.Background(), vfsPath(name))
	if err != nil {
		return "", false
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	return string(b), err == nil
}

// record plays the session without faults.
func (p *sessionPath) record(t *testing.T) *recording {
	t.Helper()
	rec := &recording{by: (&net.Dialer{}).DialContext}
	p.proxy.Dial = rec.dial
	o, err := p.play(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range o.all() {
		if err != nil {
			t.Fatalf("without a fault: %v", o.all())
		}
	}
	if problems := p.wrong(o); len(problems) > 0 {
		t.Fatalf("without a fault: %q", problems)
	}
	p.proxy.Close() // so that nothing is written any more
	return rec
}

// recording is the bytes of each connection that is dialled through it.
type recording struct {
	by    func(ctx context.Context, network, address string) (net.Conn, error)
	conns []*tape
}

// tape is a connection to the server that keeps what it moves.
type tape struct {
	tcp
	moved [2][]byte // by direction
}

// tcp is what TCP has, also that in memory.
type tcp interface {
	net.Conn
	CloseWrite() error
	SetLinger(sec int) error
}

func (r *recording) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := r.by(ctx, network, address)
	if err != nil {
		return nil, err
	}
	t := &tape{tcp: conn.(tcp)}
	r.conns = append(r.conns, t)
	return t, nil
}

func (t *tape) Write(p []byte) (int, error) {
	n, err := t.tcp.Write(p)
	t.moved[ftptest.Up] = append(t.moved[ftptest.Up], p[:n]...)
	return n, err
}

func (t *tape) Read(p []byte) (int, error) {
	n, err := t.tcp.Read(p)
	t.moved[ftptest.Down] = append(t.moved[ftptest.Down], p[:n]...)
	return n, err
}

// edges are where TLS records begin in b, behind what may be in clear before them.
func edges(b []byte) (at []int) {
	i := max(0, bytes.Index(b, []byte{22, 3}))
	for ; i+5 <= len(b); i += 5 + int(b[i+3])<<8 + int(b[i+4]) {
		at = append(at, i)
	}
	return append(at, len(b))
}

// vary is by how many bytes a direction's length changes from session to session:
// signatures are DER.
const vary = 6

// sweep plays a session for every fault, on so many servers at a time, and gives each
// outcome to judge. A server plays one session after the other, so that each also shows
// that the fault before has left nothing behind.
func sweep(t *testing.T, servers int, limit time.Duration, faults []ftptest.Fault, judge func(f ftptest.Fault, o *outcome, faulty bool) []string) {
	t.Helper()
	base := runtime.NumGoroutine()
	next := make(chan ftptest.Fault)
	done := make(chan struct{})
	var failures atomic.Int32
	for range servers {
		go func() {
			defer func() { done <- struct{}{} }()
			p := newSessionPath(t)
			defer p.close()
			p.opt.Timeout, p.opt.FinishTimeout = limit, limit
			for f := range next {
				if failures.Load() > 20 {
					continue
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				o, err := p.play(ctx, f)
				cancel()
				problems := p.wrong(o)
				if err != nil {
					problems = append(problems, err.Error())
				}
				faulty := f.Conn < len(p.proxy.Passages()) && p.proxy.Passages()[f.Conn].Faulty
				if problems = append(problems, judge(f, o, faulty)...); len(problems) > 0 {
					failures.Add(1)
					t.Errorf("%v %v at byte %d of connection %d: %s\n\t%v", f.Do, f.Direction, f.At, f.Conn, strings.Join(problems, "; "), o.all())
				}
			}
		}()
	}
	for _, f := range faults {
		next <- f
	}
	close(next)
	for range servers {
		<-done
	}
	settled(t, base)
}

// settled waits until there are no more goroutines than at first.
func settled(t *testing.T, base int) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	late := time.After(10 * time.Second)
	for runtime.NumGoroutine() > base {
		select {
		case <-again.C:
		case <-late:
			stacks := make([]byte, 64<<10)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), base, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// stepOf is every how many bytes a fault is tried: every one with FAULTS=all.
func stepOf(t *testing.T, usual int) int {
	t.Helper()
	switch {
	case os.Getenv("FAULTS") == "all":
		return 1
	case testing.Short():
		return 10 * usual
	}
	return usual
}

// everywhere gives make's faults for every step-th byte of each direction of each
// connection, for those around the edges of TLS records, and for the end.
func (r *recording) everywhere(step int, make func(at ftptest.Fault) []ftptest.Fault) (faults []ftptest.Fault) {
	for conn, c := range r.conns {
		for direction, moved := range c.moved {
			var places []int
			for at := 0; at <= len(moved)+vary; at += step {
				places = append(places, at)
			}
			for _, edge := range edges(moved) {
				places = append(places, edge)
				if !testing.Short() {
					places = append(places, max(0, edge-1), edge+1, edge+5)
				}
			}
			slices.Sort(places)
			for _, at := range append(slices.Compact(places), ftptest.End) {
				faults = append(faults, make(ftptest.Fault{Conn: conn, Direction: ftptest.Direction(direction), At: int64(at)})...)
			}
		}
	}
	return faults
}

// recorded is the session.
func recorded(t *testing.T) *recording {
	t.Helper()
	p := newSessionPath(t)
	defer p.close()
	rec := p.record(t)
	if len(rec.conns) != 4 {
		t.Fatalf("%d connections", len(rec.conns))
	}
	return rec
}

// list reads a listing to its end.
func list(ctx context.Context, c *ftpclient.Client, dir string) (names []string, err error) {
	for e, err := range c.List(ctx, dir) {
		if err != nil {
			return names, err
		}
		names = append(names, e.Name)
	}
	return names, nil
}
