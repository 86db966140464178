package ftpserver

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"time"
)

// TLSPolicy says how connections are protected. The zero value demands TLS on
// control and data.
type TLSPolicy struct {
	// GetCertificate chooses the certificate of a handshake. The same function
	// serves control and data connections, so that both show the same one (RFC
	// 4217 §15.1.1). It is needed unless InsecurePlaintext is set; without it,
	// AUTH is refused with 431.
	GetCertificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)

	// ClientCert says whether clients are asked for a certificate. Control and data
	// connections of a session must show the same one (RFC 4217 §15.1.2).
	ClientCert ClientCert
	// VerifyClient says whether what is written in a client's certificate, chain[0], can
	// be believed: whether an authority that is trusted for clients vouches for it, by
	// the rest of the chain, and whether it is of the time. Its error does not end the
	// handshake: it is for Login (auth.Credentials.CertificateErr), so that the client
	// learns no more than that it was refused. It is called by many goroutines, with
	// certificates of strangers, and may be nil if ClientCert is ClientCertOff.
	VerifyClient func(chain []*x509.Certificate) error

	// InsecurePlaintext lets clients log in and move files without TLS. Passwords
	// and files then cross the network in clear.
	InsecurePlaintext bool

	// StrictSNI refuses handshakes of the control connection for a server name that
	// is none of Server.Hosts, by the alert unrecognized_name. Clients that send no
	// name, or an address in its place, are served. Without it a name that is not
	// known gets what no name does.
	StrictSNI bool

	// Resumption says what a data connection has to prove. Under every policy it
	// must come from the address of the control connection. A Grant may say
	// otherwise for its account.
	Resumption Resumption
}

// ClientCert says whether clients are asked for a certificate.
type ClientCert uint8

const (
	// ClientCertOff asks for none, and looks at none.
	ClientCertOff ClientCert = iota
	// ClientCertRequest asks for one; who has none goes on without.
	ClientCertRequest
	// ClientCertRequire ends handshakes in which none is shown.
	ClientCertRequire
)

func (c ClientCert) auth() tls.ClientAuthType {
	return [...]tls.ClientAuthType{tls.NoClientCert, tls.RequestClientCert, tls.RequireAnyClientCert}[c]
}

// Resumption says whether data connections must resume a TLS session of their
// account: by that they prove that they come from its client, and not from
// another program or person behind the same address.
type Resumption uint8

const (
	// ResumptionAuto prefers data connections that resume. In a session that has
	// resumed before, one that does not waits 250 ms for one that does, and two of
	// them for the same transfer are both refused. An account that has waited in vain
	// three times from one address, as with programs whose sessions share a TLS cache
	// (curl -Z), waits from then on until 10 ms and five times its shortest handshake
	// after the reply to PASV, unless a rival was ever seen there. Clients that never
	// resume are served as well.
	ResumptionAuto Resumption = iota
	// ResumptionRequire refuses data connections that do not resume with 522.
	// Honest clients fail then that share one TLS cache among sessions, or keep
	// none.
	ResumptionRequire
	// ResumptionOff takes the first data connection.
	ResumptionOff
)

// DataMode says how sessions get their data ports.
type DataMode uint8

const (
	// Shared opens every data port once, for all sessions. A few ports are enough:
	// an address gets at least (number of ports) / (3 round trips + 4 ms) transfers
	// per second. At most 256.
	Shared DataMode = iota
	// Exclusive opens one port for each transfer, by lot.
	Exclusive
)

// DataPolicy says where passive data connections go.
type DataPolicy struct {
	Mode DataMode
	// From and To bound the data ports, both included. 0, 0 lets the system
	// choose any free port, and implies Exclusive.
	From, To uint16
	// FallbackFrom and FallbackTo bound ports to be opened, one for a transfer,
	// when the shared ones stay taken for 250 ms. 0, 0 means none: sessions then
	// wait for up to 10 s, and get 425 after that, or as soon as all the ports of
	// their address are held by clients that have not connected for a second.
	FallbackFrom, FallbackTo uint16
	// PublicAddress gives the IPv4 address that PASV names to a client, for servers
	// behind NAT. It is given the server's address as the client has it, and the
	// client's, neither of them v4-mapped or with a zone, and must return at once: it
	// is no place to ask DNS. The zero Addr, and no function, mean the control
	// connection's own address. EPSV never names one.
	PublicAddress func(local, client netip.Addr) netip.Addr
	// Active lets clients name a port of their own by PORT and EPRT. Only the
	// control connection's own peer is connected to, and no port below 1024 (RFC
	// 2577 §3).
	Active bool
	// NoDeflate refuses MODE Z. Compression takes a processor for each transfer, and
	// lets who sees the connection, and can put text of his own into a file beside a
	// secret, guess at that by the length.
	NoDeflate bool
}

// Limits bounds what a peer can make the server hold or wait for. A zero field
// means its default.
type Limits struct {
	Sessions           int // at the same time; default 10,000
	SessionsPerAddress int // at the same time; default 1,000
	LoginFailures      int // wrong passwords before 421; default 3 (RFC 2577 §5)
	BadCommands        int // refused commands before login before 421; default 10

	ProxyHeader time.Duration // from accept to the header of a trusted proxy; default 5 s

	Handshake time.Duration // of one TLS handshake; default 10 s
	Login     time.Duration // from accept to a successful PASS; default 60 s
	Session   time.Duration // of a session, between transfers; default 6 days
	Idle      time.Duration // between commands; default 10 min (RFC 1123 §4.1.3.2: 5 min at least)
	Write     time.Duration // of one reply; default 30 s
	Connect   time.Duration // from the 150 to the data connection; default 10 s
	Stall     time.Duration // without a byte on a data connection; default 60 s
	Linger    time.Duration // reading on after we ended a data connection; default 2 s
}

// withDefaults fills in what was left zero.
func (l Limits) withDefaults() Limits {
	setDefault(&l.Sessions, 10_000)
	setDefault(&l.SessionsPerAddress, 1_000)
	setDefault(&l.LoginFailures, 3)
	setDefault(&l.BadCommands, 10)
	setDefault(&l.ProxyHeader, 5*time.Second)
	setDefault(&l.Handshake, 10*time.Second)
	setDefault(&l.Login, time.Minute)
	// TLS tickets live 7 days. A client whose ticket has died can no longer prove
	// its data connections, and its transfers fail in odd ways; a 421 it understands.
	setDefault(&l.Session, 6*24*time.Hour)
	setDefault(&l.Idle, 10*time.Minute)
	setDefault(&l.Write, 30*time.Second)
	setDefault(&l.Connect, 10*time.Second)
	setDefault(&l.Stall, time.Minute)
	setDefault(&l.Linger, 2*time.Second)
	return l
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}
