package ftp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Security says how a URL wants its control connection protected.
type Security int

// The schemes as FileZilla, WinSCP, lftp and curl have them.
const (
	// Explicit is ftpes:// and ftp://: AUTH TLS on port 21 (RFC 4217).
	Explicit Security = iota
	// Implicit is ftps://: TLS from the first byte, port 990.
	Implicit
)

// URL names a file or folder on a server.
type URL struct {
	Security Security
	// PlainScheme is set for ftp://. Only such a URL may be used without TLS,
	// and only if the user also asked for that by name.
	PlainScheme bool
	User        string
	Password    string
	HasPassword bool
	Host        string // without brackets
	Port        string // decimal
	// Path is decoded and starts with "/"; it is relative to the root that
	// the account sees, as in curl, lftp and WinSCP.
	Path string
}

// ErrURL is wrapped by every error of ParseURL.
var ErrURL = errors.New("not an FTP URL")

// ParseURL reads ftpes://, ftps:// and ftp:// URLs. CR, LF and NUL are refused
// in every part, so that no part of a URL can become a command of its own. The
// password never appears in an error.
func ParseURL(s string) (URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return URL{}, fmt.Errorf("%w: it cannot be parsed", ErrURL) // url.Error would repeat the password
	}
	var out URL
	port := "21"
	switch strings.ToLower(u.Scheme) {
	case "ftpes":
	case "ftp":
		out.PlainScheme = true
	case "ftps":
		out.Security, port = Implicit, "990"
	default:
		return URL{}, fmt.Errorf("%w: the scheme must be ftpes, ftps or ftp", ErrURL)
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return URL{}, fmt.Errorf("%w: write ? as %%3F and # as %%23", ErrURL)
	}
	out.Host, out.Port, out.Path = u.Hostname(), u.Port(), u.Path
	if out.Host == "" {
		return URL{}, fmt.Errorf("%w: the host is missing", ErrURL)
	}
	if !goodHost(out.Host) {
		return URL{}, fmt.Errorf("%w: the host is no name and no address; an IPv6 address needs brackets", ErrURL)
	}
	if out.Port == "" {
		out.Port = port
	}
	if n, err := strconv.ParseUint(out.Port, 10, 16); err != nil || n == 0 {
		return URL{}, fmt.Errorf("%w: the port must be 1 to 65535", ErrURL)
	}
	if out.Path == "" {
		out.Path = "/"
	}
	if u.User != nil {
		out.User = u.User.Username()
		out.Password, out.HasPassword = u.User.Password()
	}
	for _, part := range []string{out.User, out.Password, out.Host, out.Path} {
		if strings.ContainsAny(part, "\r\n\x00") {
			return URL{}, fmt.Errorf("%w: it holds a line end or a NUL", ErrURL)
		}
	}
	return out, nil
}

// goodHost refuses what is neither a name nor an address and could be read as another
// host or port once it is written again.
func goodHost(host string) bool {
	if !strings.ContainsAny(host, ":%[] ") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && !strings.ContainsFunc(addr.Zone(), func(c rune) bool {
		// What needs no escape in a zone (RFC 6874 §2).
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-._~", c))
	})
}

// Address is host and port as net.Dial wants them.
func (u URL) Address() string { return net.JoinHostPort(u.Host, u.Port) }

// String gives the URL back without its password.
func (u URL) String() string {
	scheme := "ftpes"
	switch {
	case u.Security == Implicit:
		scheme = "ftps"
	case u.PlainScheme:
		scheme = "ftp"
	}
	out := url.URL{Scheme: scheme, Host: u.Address(), Path: u.Path}
	if u.User != "" {
		out.User = url.User(u.User)
	}
	return out.String()
}
