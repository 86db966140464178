package ftpclient

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// proxyServer takes connections, has open find out where to, and joins both ends.
func proxyServer(t *testing.T, scheme string, open func(conn net.Conn) (address string)) (*url.URL, func() []string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var seen []string
	wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				address := open(conn)
				if address == "" {
					return
				}
				mu.Lock()
				seen = append(seen, address)
				mu.Unlock()
				to, err := net.Dial("tcp", address)
				if err != nil {
					return
				}
				defer to.Close()
				join(conn.(*net.TCPConn), to.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() { _ = ln.Close(); wg.Wait() })
	u := &url.URL{Scheme: scheme, Host: ln.Addr().String(), User: url.UserPassword("me", "pw")}
	return u, func() []string { mu.Lock(); defer mu.Unlock(); return append([]string(nil), seen...) }
}

// join passes bytes and ends both ways.
func join(a, b *net.TCPConn) {
	var wg sync.WaitGroup
	for _, way := range [][2]*net.TCPConn{{a, b}, {b, a}} {
		wg.Go(func() {
			if _, err := io.Copy(way[0], way[1]); err != nil {
				_ = way[0].SetLinger(0)
				_ = way[0].Close()
				return
			}
			_ = way[0].CloseWrite()
		})
	}
	wg.Wait()
}

func openCONNECT(conn net.Conn) string {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || r.Method != http.MethodConnect {
		return ""
	}
	if r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("me:pw")) {
		_, _ = io.WriteString(conn, "HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n")
		return ""
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Open\r\nVia: x\r\n\r\n")
	return r.Host
}

// openSOCKS speaks the part of RFC 1928 and RFC 1929 that is needed.
func openSOCKS(conn net.Conn) string {
	read := func(n int) []byte {
		b := make([]byte, n)
		_, _ = io.ReadFull(conn, b)
		return b
	}
	_ = read(int(read(2)[1])) // methods
	_, _ = conn.Write([]byte{5, 2})
	user := string(read(int(read(2)[1])))
	password := string(read(int(read(1)[0])))
	if user != "me" || password != "pw" {
		_, _ = conn.Write([]byte{1, 1})
		return ""
	}
	_, _ = conn.Write([]byte{1, 0})
	host := ""
	switch read(4)[3] {
	case 1:
		host = net.IP(read(4)).String()
	case 3:
		host = string(read(int(read(1)[0])))
	}
	port := binary.BigEndian.Uint16(read(2))
	_, _ = conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

// Control and data connections go through the proxy, to the host of the URL.
func TestProxy(t *testing.T) {
	for scheme, open := range map[string]func(net.Conn) string{"http": openCONNECT, "socks5": openSOCKS} {
		t.Run(scheme, func(t *testing.T) {
			s := serve(t, func(c *session) {
				c.login()
				c.serveFile("/f", "the content")
				d := c.stor("/g")
				got, _ := io.ReadAll(d)
				d.end()
				c.reply("226 got " + string(got))
			})
			via, seen := proxyServer(t, scheme, open)
			opt := s.options()
			opt.Proxy = via
			c := s.dial(opt)
			var got strings.Builder
			if res, err := c.Retrieve(t.Context(), "/f", 0, &got); err != nil || got.String() != "the content" || !res.CleanEnd {
				t.Errorf("%+v, %v", res, err)
			}
			if res, err := c.Store(t.Context(), "/g", 0, strings.NewReader("up")); err != nil || res.Reply.Text() != "got up" {
				t.Errorf("%+v, %v", res, err)
			}
			if addresses := seen(); len(addresses) != 3 || addresses[0] != s.url().Address() {
				t.Errorf("through the proxy: %v", addresses)
			}
		})
	}
}

func TestProxyRefuses(t *testing.T) {
	s := serve(t, func(c *session) { c.login() })
	answer := func(text string) func(net.Conn) string {
		return func(conn net.Conn) string {
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, text)
			return ""
		}
	}
	for name, open := range map[string]func(net.Conn) string{
		"403":     answer("HTTP/1.1 403 No\r\n\r\n"),
		"no HTTP": answer("220 I am no proxy\r\n\r\n"),
		"endless": answer("HTTP/1.1 200 Open\r\n" + strings.Repeat("X: y\r\n", maxProxyReply)),
		"closed":  answer(""),
	} {
		via, _ := proxyServer(t, "http", open)
		opt := s.options()
		opt.Proxy = via
		_, err := Dial(t.Context(), s.url(), opt)
		if err == nil || s.said() != "" {
			t.Fatalf("%s: said %q", name, s.said())
		}
		wantError(t, err, ErrProxy, ErrNetwork)
		if strings.Contains(err.Error(), "pw") {
			t.Errorf("%s: the error shows the password: %v", name, err)
		}
	}
	via, _ := proxyServer(t, "socks5", openSOCKS)
	opt := s.options()
	opt.Proxy = &url.URL{Scheme: "socks5", Host: via.Host, User: url.UserPassword("me", "guess")}
	_, err := Dial(t.Context(), s.url(), opt)
	wantError(t, err, ErrProxy, ErrNetwork)
	opt.Proxy.Scheme = "https"
	if _, err = Dial(t.Context(), s.url(), opt); err == nil || Temporary(err) {
		t.Errorf("https: %v", err)
	}
}

// HOST comes under TLS and before USER (RFC 7151 §3); a server without it is used
// all the same.
func TestSendHost(t *testing.T) {
	for reply, ok := range map[string]bool{"220 welcome": true, "500 what": true, "502 no": true, "504 not here": false, "421 bye": false} {
		s := serve(t, func(c *session) {
			c.start()
			c.expect("HOST 127.0.0.1")
			c.reply(reply)
			c.expect("USER anna")
			c.reply("230 in")
			c.expect("PBSZ 0")
			c.reply("200 ok")
			c.expect("PROT P")
			c.reply("200 ok")
			c.ready()
		})
		opt := s.options()
		opt.SendHost = true
		c, err := Dial(t.Context(), s.url(), opt)
		if (err == nil) != ok {
			t.Errorf("%s: %v", reply, err)
		}
		if err == nil {
			_ = c.Close()
		}
	}
}
