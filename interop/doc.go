// Package interop drives the built program with the FTP clients that people
// really use: curl, lftp, wget, Python's ftplib, Perl's Net::FTP, PHP and, on a
// server without TLS, tnftp; rclone, too, in crowds of many sessions at once. Its
// tests need the build tag interop and those clients; "make interop" installs them
// on Debian and runs the tests.
//
// A client that is not installed skips its test. With INTEROP_REQUIRE=1, as in
// CI, it fails it.
//
// The tests in network namespaces, with a firewall, run as root on Linux only.
// INTEROP_LONG=1 asks for the long forms of the crowds (1,000 transfers each) and
// of the soak (10 minutes).
//
// wget2 is packaged by Debian but speaks HTTP only; wget takes its place.
package interop
