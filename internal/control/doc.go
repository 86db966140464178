// Package control is how an administrator's tools speak with a server that runs: HTTP
// with JSON over a Unix socket, which only the user that the server runs as, and root, may use.
//
// [Endpoints] is the table of what can be asked for, from which docs/control.md is made.
//
// Bodies are JSON. What fails is a Problem. More fields and paths may be added
// to version 1; none changes its meaning.
package control
