// Package interop drives the built program with the FTP clients that people
// really use: curl, lftp, wget, Python's ftplib, Perl's Net::FTP, PHP and, on a
// server without TLS, tnftp. Its tests need the build tag interop and those
// clients; "make interop" installs them on Debian and runs the tests.
//
// A client that is not installed skips its test. With INTEROP_REQUIRE=1, as in
// CI, it fails it.
//
// wget2 is packaged by Debian but speaks HTTP only; wget takes its place.
package interop
