// Package ftptest is to ftpserver what httptest is to net/http: a server on a
// loopback port, over a tree in memory, with a certificate made for the
// occasion, for the tests of whatever speaks FTPS.
package ftptest
