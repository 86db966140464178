// Package dataconn makes and owns data connections for both ends: where the
// server listens (PASV, EPSV), how the client dials, TLS on the connection, and
// the difference between a stream that ended and one that was cut.
//
// It knows nothing of sessions, commands or replies. Who may resume which TLS
// session is decided by the caller in the [Secure] function that it passes.
//
// A server has one of two kinds of data ports. [Shared] has a few that are always
// open: who owns a port, who waits for it and when nobody may have it is in
// shared_slots.go and shared_offer.go. [Exclusive] opens one for each transfer,
// chosen in lot.go. For both, candidates.go and candidates_proof.go choose the one
// connection among those that arrive. How a data connection ends is in conn.go.
package dataconn
