package ftpclient

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/proxy"
)

// maxProxyReply bounds the head of a proxy's reply, in bytes.
const maxProxyReply = 16 << 10

// ErrProxy means that the proxy could not be used, or refused the connection.
// Errors that wrap it wrap ErrNetwork too.
var ErrProxy = errors.New("the proxy made no connection")

// usableProxy reports what is wrong with Proxy, before anything is sent.
func (o Options) usableProxy() error {
	switch {
	case o.Proxy == nil:
		return nil
	case o.Active:
		return errors.New("ftpclient: active mode does not go through a proxy")
	case o.Proxy.Scheme != "http" && o.Proxy.Scheme != "socks5" && o.Proxy.Scheme != "socks5h":
		return errors.New("ftpclient: the URL of a proxy begins with http:// or socks5://")
	}
	return nil
}

// dialProxy connects to address through the proxy.
func (o Options) dialProxy(ctx context.Context, _, address string) (net.Conn, error) {
	var raw net.Conn
	var err error
	if o.Proxy.Scheme == "http" {
		raw, err = o.dialCONNECT(ctx, address)
	} else {
		raw, err = o.dialSOCKS(ctx, address)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProxy, err)
	}
	return raw, nil
}

func proxyAddress(u *url.URL, port string) string {
	if u.Port() != "" {
		port = u.Port()
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// dialSOCKS returns the connection to the proxy itself once the way is open, and not
// what x/net wraps around it: a data connection needs the methods of TCP.
func (o Options) dialSOCKS(ctx context.Context, address string) (net.Conn, error) {
	var auth *proxy.Auth
	if o.Proxy.User != nil {
		auth = &proxy.Auth{User: o.Proxy.User.Username()}
		auth.Password, _ = o.Proxy.User.Password()
	}
	first := &firstHop{dial: o.DialContext}
	dialer, err := proxy.SOCKS5("tcp", proxyAddress(o.Proxy, "1080"), auth, first)
	if err != nil {
		return nil, err
	}
	if _, err := dialer.(proxy.ContextDialer).DialContext(ctx, "tcp", address); err != nil {
		if first.raw != nil {
			_ = first.raw.Close()
		}
		return nil, err
	}
	return first.raw, nil
}

// firstHop keeps the connection that it makes.
type firstHop struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	raw  net.Conn
}

func (h *firstHop) Dial(network, address string) (net.Conn, error) {
	return h.DialContext(context.Background(), network, address)
}

func (h *firstHop) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	var err error
	h.raw, err = h.dial(ctx, network, address)
	return h.raw, err
}

// dialCONNECT opens a tunnel (RFC 9110 §9.3.6).
func (o Options) dialCONNECT(ctx context.Context, address string) (net.Conn, error) {
	raw, err := o.DialContext(ctx, "tcp", proxyAddress(o.Proxy, "80"))
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	err = o.connectVia(raw, address)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return raw, nil
}

func (o Options) connectVia(raw net.Conn, address string) error {
	if strings.ContainsAny(address, " \r\n\x00") {
		return errors.New("the host name cannot be sent to a proxy")
	}
	head := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n"
	if user := o.Proxy.User; user != nil {
		password, _ := user.Password()
		head += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)) + "\r\n"
	}
	if _, err := io.WriteString(raw, head+"\r\n"); err != nil {
		return err
	}
	reply, err := replyHead(raw)
	if err != nil {
		return err
	}
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(reply)), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return errors.New("its reply is no HTTP")
	}
	_ = r.Body.Close()
	if r.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %d", r.StatusCode)
	}
	return nil
}

// replyHead reads up to the empty line, byte by byte: what follows is the server's.
func replyHead(raw io.Reader) ([]byte, error) {
	var head []byte
	var b [1]byte
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		if len(head) == maxProxyReply {
			return nil, errors.New("its reply is too long")
		}
		if _, err := io.ReadFull(raw, b[:]); err != nil {
			return nil, err
		}
		head = append(head, b[0])
	}
	return head, nil
}
