//go:build interop

package interop

import (
	"strconv"
	"testing"
)

func TestPythonFtplib(t *testing.T) { suite(t, ftplib()) }

func ftplib() client {
	return scripted(client{
		name: "Python ftplib", program: "python3", implicit: true,
		version: []string{"-c", "import ssl, ftplib, sys; print('Python', sys.version.split()[0], ssl.OPENSSL_VERSION)"},
	}, nil, "testdata/client.py")
}

// scripted is a client that is a script in testdata, called as
//
//	script HOST PORT explicit|implicit|plain TLSVERSION CAFILE USER PASSWORD OPERATION ARGUMENT…
func scripted(c client, env func(t *testing.T, l link) []string, script ...string) client {
	do := func(t *testing.T, l link, args ...string) string {
		t.Helper()
		var more []string
		if env != nil {
			more = env(t, l)
		}
		return runWith(t, more, "", c.program, scriptArgs(l, script, args...)...)
	}
	c.put = func(t *testing.T, l link, local, remote string) { do(t, l, "put", local, remote, "0") }
	c.get = func(t *testing.T, l link, remote, local string) { do(t, l, "get", remote, local, "0") }
	c.resumePut = func(t *testing.T, l link, local, remote string) {
		do(t, l, "put", local, remote, strconv.FormatInt(length(t, l.dir+"/"+remote), 10))
	}
	c.resumeGet = func(t *testing.T, l link, remote, local string) {
		do(t, l, "get", remote, local, strconv.FormatInt(length(t, local), 10))
	}
	c.list = func(t *testing.T, l link, dir string) string { return do(t, l, "list", dir) }
	c.facts = func(t *testing.T, l link, dir string) string { return do(t, l, "facts", dir) }
	c.mkdir = func(t *testing.T, l link, dir string) { do(t, l, "mkdir", dir) }
	c.rename = func(t *testing.T, l link, from, to string) { do(t, l, "rename", from, to) }
	c.remove = func(t *testing.T, l link, name string) { do(t, l, "remove", name) }
	c.rmdir = func(t *testing.T, l link, dir string) { do(t, l, "rmdir", dir) }
	return c
}

// scriptArgs are the arguments of a script in testdata, and of what runs it.
func scriptArgs(l link, script []string, args ...string) []string {
	all := append(script[:len(script):len(script)],
		l.host, strconv.Itoa(l.port()), l.mode(), l.version, l.ca, user, l.password)
	return append(all, args...)
}
