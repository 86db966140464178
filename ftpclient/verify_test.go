package ftpclient

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
)

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// serveFile plays a RETR of content.
func (c *session) serveFile(path, content string) {
	d := c.retr(path)
	_, _ = io.WriteString(d, content)
	d.end()
	c.reply("226 done")
}

// C-09, C-10: where the server can hash, the hash must be that of what was moved; a
// server that will not, or answers nonsense, takes nothing away from the rest.
func TestHashAgrees_C09(t *testing.T) {
	const content, other = "the content", "another one"
	crc := fmt.Sprintf("%X", crc32.ChecksumIEEE([]byte(content)))
	for _, tt := range []struct {
		name, feature, command, reply string
		agrees                        bool
		want                          error
		warned                        bool
	}{
		{"HASH", "HASH SHA-1;SHA-256*;MD5", "HASH /a b", "213 SHA-256 0-10 " + sha(content) + " /a b", true, nil, false},
		{"HASH, end excluded", "HASH SHA-256*", "HASH /a b", "213 SHA-256 0-11 " + strings.ToUpper(sha(content)) + " /a b", true, nil, false},
		{"XSHA256", "XSHA256", `XSHA256 "/a b"`, "250 " + sha(content), true, nil, false},
		{"XCRC", "XCRC", `XCRC "/a b"`, "250 " + strings.TrimLeft(crc, "0"), true, nil, false},
		{"other content", "HASH SHA-256*", "HASH /a b", "213 SHA-256 0-10 " + sha(other) + " /a b", false, ErrNotVerified, false},
		{"other content, XSHA256", "XSHA256", `XSHA256 "/a b"`, "250 " + sha(other), false, ErrNotVerified, false},
		{"refused", "HASH SHA-256*", "HASH /a b", "550 hidden", false, nil, false},
		{"busy", "HASH SHA-256*", "HASH /a b", "450 later", false, nil, false},
		{"other algorithm", "HASH SHA-256*", "HASH /a b", "213 MD5 0-10 00 /a b", false, nil, true},
		{"too short", "HASH SHA-256*", "HASH /a b", "213 SHA-256 0-10 00 /a b", false, nil, true},
		{"another part", "HASH SHA-256*", "HASH /a b", "213 SHA-256 3-10 " + sha(content) + " /a b", false, nil, true},
		{"nothing", "XSHA256", `XSHA256 "/a b"`, "250 ", false, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(c *session) {
				c.login(tt.feature)
				c.serveFile("/a b", content)
				c.expect(tt.command)
				c.reply(tt.reply)
				d := c.stor("/a b")
				_, _ = io.Copy(io.Discard, d)
				d.end()
				c.reply("226 done")
				c.expect(tt.command)
				c.reply(tt.reply)
			})
			warnings := 0
			opt := s.options()
			opt.Check, opt.Warn = CheckHash, func(w *Warning) {
				if !errors.Is(w, ErrProtocol) || w.Path != "/a b" {
					t.Errorf("warning %v", w)
				}
				warnings++
			}
			c := s.dial(opt)
			down, derr := c.Retrieve(t.Context(), "/a b", 0, io.Discard)
			up, uerr := c.Store(t.Context(), "/a b", 0, strings.NewReader(content))
			for _, got := range []struct {
				res Result
				err error
			}{{down, derr}, {up, uerr}} {
				if !errors.Is(got.err, tt.want) || got.res.HashAgrees != tt.agrees || !got.res.CleanEnd || got.res.Reply.Code != 226 {
					t.Errorf("%+v, %v", got.res, got.err)
				}
			}
			if tt.warned != (warnings == 2) {
				t.Errorf("%d warnings", warnings)
			}
		})
	}
}

// Only what the server does not use already is chosen by OPTS, once; CheckSize and
// CheckEnd ask for less.
func TestCheck(t *testing.T) {
	for check, want := range map[Check]string{
		CheckEnd:  "EPSV RETR EPSV RETR",
		CheckSize: "SIZE EPSV RETR SIZE EPSV RETR",
		CheckHash: "SIZE EPSV RETR OPTS HASH SIZE EPSV RETR HASH",
	} {
		s := serve(t, func(c *session) {
			c.login("SIZE", "HASH MD5*;SHA-256")
			for i := range 2 {
				if check != CheckEnd {
					c.expect("SIZE /f")
					c.reply("213 3")
				}
				c.serveFile("/f", "abc")
				if check == CheckHash {
					if i == 0 {
						c.expect("OPTS HASH SHA-256")
						c.reply("200 SHA-256")
					}
					c.expect("HASH /f")
					c.reply("213 SHA-256 0-2 " + sha("abc") + " /f")
				}
			}
		})
		opt := s.options()
		opt.Check = check
		c := s.dial(opt)
		for range 2 {
			res, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
			if err != nil || res.SizeAgrees != (check != CheckEnd) || res.HashAgrees != (check == CheckHash) {
				t.Errorf("%d: %+v, %v", check, res, err)
			}
		}
		if got := strings.TrimPrefix(s.said(), "AUTH USER PASS PBSZ PROT FEAT TYPE "); got != want {
			t.Errorf("%d: said %q, want %q", check, got, want)
		}
	}
}

// With an offset only what was moved is hashed, where the server has RANG.
func TestHashOfPart(t *testing.T) {
	srv, c := started(t, map[string]string{"f": "0123456789"}, Options{Check: CheckHash})
	res, err := c.Retrieve(t.Context(), "/f", 4, io.Discard)
	if err != nil || !res.HashAgrees || res.Sum.Digest != sha("456789") || res.Offset != 4 {
		t.Errorf("%+v, %v", res, err)
	}
	res, err = c.Store(t.Context(), "/f", 4, strings.NewReader("xyz"))
	if err != nil || !res.HashAgrees || !res.SizeAgrees {
		t.Errorf("%+v, %v", res, err)
	}
	if got := content(t, srv, "f"); got != "0123xyz" {
		t.Errorf("content %q", got)
	}
	sum, err := c.Hash(t.Context(), "/f")
	if err != nil || sum != (Sum{vfs.SHA256, sha("0123xyz")}) {
		t.Errorf("%v, %v", sum, err)
	}
}

func TestHashNotOffered(t *testing.T) {
	s := serve(t, func(c *session) { c.login() })
	_, err := s.dial(s.options()).Hash(t.Context(), "/f")
	wantError(t, err, errors.ErrUnsupported)
}

// started starts a server of this module, and logs in.
func started(t *testing.T, files map[string]string, opt Options) (*ftptest.Server, *Client) {
	t.Helper()
	srv := ftptest.NewServer(files, nil)
	t.Cleanup(srv.Close)
	opt.RootCAs = srv.Pool
	c, err := Dial(t.Context(), urlOf(srv), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return srv, c
}

func urlOf(srv *ftptest.Server) ftp.URL {
	host, port, _ := net.SplitHostPort(srv.Addr)
	return ftp.URL{User: ftptest.User, Password: ftptest.Password, Host: host, Port: port, Path: "/"}
}

func content(t *testing.T, srv *ftptest.Server, name string) string {
	t.Helper()
	p, err := vfs.Clean(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := srv.FS.Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
