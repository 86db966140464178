// Package wire is the codec of the control connection, shared by server and
// client: command lines and replies to bytes and back, their limits, Telnet
// sequences, and the guard around the change to TLS. It knows no verb and no
// session.
package wire
