// Package acme gets the certificates of a server from an authority that speaks
// ACME (RFC 8555), such as Let's Encrypt, and renews them before they end.
//
// [New] checks the options and makes a [Manager]; [Manager.Start] loads what the
// storage folder holds and asks for what is missing or about to end, in the
// background and with growing pauses between failures; and
// [Manager.GetCertificate] answers handshakes from memory. A server is never
// stopped by an authority that cannot be reached: until there is a certificate,
// GetCertificate returns [ErrNone], and the server shows what else it has.
//
// The authority must be convinced that a name is ours, by one of three
// challenges: a file on port 80 of the name (HTTP-01), a handshake on its port 443
// (TLS-ALPN-01, RFC 8737), or a TXT record (DNS-01), which a command of the
// operator's sets. For the first two the ports are opened only while a challenge
// runs.
//
// The work itself is done by certmagic.
package acme
