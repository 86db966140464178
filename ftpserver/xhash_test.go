package ftpserver_test

import (
	"testing"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
)

// the hashes from before HASH, once a policy turns them on; the values are those
// of "abc" in FIPS 180 and RFC 1321, and the CRC is that of the catalogue.
func TestOldHashes(t *testing.T) {
	t.Parallel()
	srv := ftptest.NewServer(map[string]string{"/d/a b": "abc", "/n": "123456789", "/m": "xabcx"}, func(s *ftpserver.Server) {
		s.Verbs.On = []string{"XCRC", "XMD5", "XSHA1", "XSHA256", "XSHA512", "MD5"}
	})
	t.Cleanup(srv.Close)
	c := dialStrict(t, srv.Addr)
	c.must(530, "XCRC n")
	c.secure(srv)
	c.login()
	for _, test := range []struct {
		line string
		code int
		text string // "": any
	}{
		{"XCRC n", 250, "CBF43926"},
		{"XMD5 d/a b", 250, "900150983CD24FB0D6963F7D28E17F72"},
		{`XMD5 "d/a b"`, 250, "900150983CD24FB0D6963F7D28E17F72"},
		{`xmd5 "m" 1 4`, 250, "900150983CD24FB0D6963F7D28E17F72"},
		{"XSHA d/a b", 250, "A9993E364706816ABA3E25717850C26C9CD0D89D"},
		{"XSHA1 d/a b", 250, "A9993E364706816ABA3E25717850C26C9CD0D89D"},
		{"XSHA256 d/a b", 250, "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"},
		{"XSHA512 d/a b", 250, ""},
		{"MD5 d/a b", 251, "d/a b 900150983CD24FB0D6963F7D28E17F72"},
		{`XCRC "m" 4 1`, 501, ""}, {`XCRC "m" 0 6`, 501, ""}, {`XCRC "m" -1 2`, 501, ""}, {`XCRC "m" 1`, 501, ""},
		{`XCRC "m`, 501, ""}, {"XCRC d", 550, ""}, {"MD5 absent", 550, ""}, {"XSHA256 ../../absent", 550, ""},
	} {
		a := c.do(test.line)
		if a.code != test.code || test.text != "" && a.lines[0] != test.text {
			t.Errorf("%s: %v, want %d %s", test.line, a, test.code, test.text)
		}
	}
}
