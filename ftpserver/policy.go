package ftpserver

import (
	"crypto/tls"
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

	// InsecurePlaintext lets clients log in and move files without TLS. Passwords
	// and files then cross the network in clear.
	InsecurePlaintext bool
}

// DataPolicy says where passive data connections go.
type DataPolicy struct {
	// From and To bound the data ports, both included. 0, 0 lets the system
	// choose any free port.
	From, To uint16
	// PublicAddress is the IPv4 address that PASV names, for servers behind NAT.
	// The zero value means the control connection's own address. EPSV never
	// names an address.
	PublicAddress netip.Addr
}

// Limits bounds what a peer can make the server hold or wait for. A zero field
// means its default.
type Limits struct {
	Sessions           int // at the same time; default 10,000
	SessionsPerAddress int // at the same time; default 1,000
	LoginFailures      int // wrong passwords before 421; default 3 (RFC 2577 §5)
	BadCommands        int // refused commands before login before 421; default 10

	Handshake time.Duration // of one TLS handshake; default 10 s
	Login     time.Duration // from accept to a successful PASS; default 60 s
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
	setDefault(&l.Handshake, 10*time.Second)
	setDefault(&l.Login, time.Minute)
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
