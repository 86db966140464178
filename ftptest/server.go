package ftptest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// The account of every test server.
const (
	User     = "alice"
	Password = "correct horse"
)

// Server is a running server. Its fields are for reading.
type Server struct {
	Addr         string // explicit FTPS
	ImplicitAddr string // implicit FTPS; "" where the server has no certificate
	Pool         *x509.CertPool
	Certificate  tls.Certificate
	Server       *ftpserver.Server
	FS           vfs.FS
}

// NewServer starts a server on 127.0.0.1 over a tree in memory that holds files
// (a name that ends in "/" is a directory). configure, which may be nil, can
// change any field of the server before it starts. It panics if it cannot
// start, like httptest.NewServer.
func NewServer(files map[string]string, configure func(*ftpserver.Server)) *Server {
	return NewServerFS(memfs.From(files), configure)
}

// NewServerFS is NewServer over a given tree.
func NewServerFS(fs vfs.FS, configure func(*ftpserver.Server)) *Server {
	s := &Server{FS: fs}
	s.Certificate, s.Pool = Certificate("localhost", "127.0.0.1", "::1")
	s.Server = &ftpserver.Server{
		Login: s.login,
		TLS: ftpserver.TLSPolicy{
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &s.Certificate, nil },
		},
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if configure != nil {
		configure(s.Server)
	}
	s.Addr = s.listen(s.Server.Serve)
	if s.Server.TLS.GetCertificate != nil {
		s.ImplicitAddr = s.listen(s.Server.ServeTLS)
	}
	return s
}

func (s *Server) listen(serve func(net.Listener) error) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(fmt.Sprintf("ftptest: %v", err))
	}
	go serve(l)
	return l.Addr().String()
}

func (s *Server) login(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
	if c.User != User || c.Password != Password {
		return nil, auth.ErrDenied
	}
	return &auth.Grant{Account: User, FS: s.FS}, nil
}

// Close ends the server and all its sessions, and returns when they have ended.
func (s *Server) Close() { s.Server.Close() }

// ClientTLS is a configuration that trusts the server.
func (s *Server) ClientTLS() *tls.Config {
	return &tls.Config{RootCAs: s.Pool, ServerName: "localhost"}
}

// Certificate makes a self-signed ECDSA certificate for the given names and
// addresses, and a pool that trusts it.
func Certificate(hosts ...string) (tls.Certificate, *x509.CertPool) {
	certPEM, keyPEM, err := certs.SelfSigned(certs.Options{Hosts: hosts})
	if err != nil {
		panic(fmt.Sprintf("ftptest: %v", err))
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		panic(fmt.Sprintf("ftptest: %v", err))
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return pair, pool
}
