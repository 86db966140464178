// Package ftptest is to ftpserver what httptest is to net/http: a server on a
// loopback port, over a tree in memory, with a certificate made for the
// occasion, for the tests of whatever speaks FTPS.
//
// [NewServer] starts a proper server. [NewHostile] starts one that does whatever a
// script says, byte for byte, for the tests of clients: it answers in pieces or without
// end, names data ports that are not its own, shows another certificate there, and ends
// transfers in every way that TLS and TCP have. [NewHostileInMemory] is the same for
// bubbles of testing/synctest, where an hour of silence takes no time.
//
// [Proxy] stands between any client and any server, and cuts, delays, slows down, splits
// or spoils their connections at the byte that the test names.
package ftptest
