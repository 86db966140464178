// Package sqlite keeps accounts in one file, in an SQLite database that is part of
// the program: there is no server to run. Several programs may have it open at once,
// such as a server and a command that adds an account.
//
// What a method has done is on the disk when it returns, and what it did is there
// whole or not at all, also after a power cut. The file must be on a file system of
// this machine: SQLite's log needs shared memory, which network file systems lack.
package sqlite
