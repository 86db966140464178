//go:build interop

package interop

import "testing"

func TestPerlNetFTP(t *testing.T) { suite(t, netFTP()) }

func netFTP() client {
	return scripted(client{
		name: "Perl Net::FTP", program: "perl", implicit: true,
		version: []string{"-MNet::FTP", "-MIO::Socket::SSL", "-e",
			`print "Perl $^V Net::FTP $Net::FTP::VERSION IO::Socket::SSL $IO::Socket::SSL::VERSION\n"`},
	}, nil, "testdata/client.pl")
}
