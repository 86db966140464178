//go:build interop

package interop

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// crowdKind is a kind of client in a crowd.
type crowdKind struct {
	client
	name     string
	version  string // of TLS; "" for both in turn
	sessions int    // of one process
	prepare  func(t *testing.T, e errand, limit time.Duration) func() error
}

// crowdKinds are eight. Those with several sessions in a process share one cache
// of TLS sessions among them, and so offer each other's tickets.
func crowdKinds() []crowdKind {
	return []crowdKind{
		{client: lftp(), name: "lftp-mirror", sessions: 4, prepare: crowdLftp},
		{client: curl(), name: "curl-Z-1.3", version: "1.3", sessions: 4, prepare: crowdCurlZ},
		{client: curl(), name: "curl-Z-1.2", version: "1.2", sessions: 4, prepare: crowdCurlZ},
		{client: curl(), name: "curl", sessions: 1, prepare: crowdCurl},
		{client: ftplib(), name: "ftplib", sessions: 1, prepare: crowdScript(nil, "python3", "testdata/client.py")},
		{client: netFTP(), name: "perl", sessions: 1, prepare: crowdScript(nil, "perl", "testdata/client.pl")},
		{client: php(), name: "php", sessions: 1, prepare: crowdScript(phpEnv, "php", phpScript()...)},
		{client: rclone(), name: "rclone", sessions: 4, prepare: crowdRclone},
	}
}

// call runs a program where the errand has to start from.
func (e errand) call(t *testing.T, limit time.Duration, env []string, name string, args ...string) error {
	all := append(e.within[:len(e.within):len(e.within)], name)
	all = append(all, args...)
	_, err := command(t, limit, env, "", all[0], all[1:]...)
	return err
}

func (e errand) remote(way, name string) string { return way + "/" + e.id + "/" + name }

func crowdLftp(t *testing.T, e errand, limit time.Duration) func() error {
	mirror := fmt.Sprintf("mirror --parallel=%d ", e.sessions)
	commands := mirror + "/down/" + e.id + " " + lftpQuote(e.got) + "; " + mirror + "-R " + lftpQuote(e.src) + " /up/" + e.id
	return func() error { return e.call(t, limit, nil, "lftp", lftpArgs(e.link, commands)...) }
}

// crowdCurlZ moves all files with "curl -Z".
func crowdCurlZ(t *testing.T, e errand, limit time.Duration) func() error {
	parallel := append(curlArgs(e.link), "--parallel", "--parallel-immediate", "--parallel-max", fmt.Sprint(e.sessions))
	down, up := parallel[:len(parallel):len(parallel)], parallel[:len(parallel):len(parallel)]
	for _, name := range e.files {
		down = append(down, "-o", filepath.Join(e.got, name), curlURL(e.link, e.remote("down", name)))
		up = append(up, "-T", filepath.Join(e.src, name), curlURL(e.link, e.remote("up", name)))
	}
	return func() error {
		if err := e.call(t, limit, nil, "curl", down...); err != nil {
			return err
		}
		return e.call(t, limit, nil, "curl", up...)
	}
}

// crowdCurl starts a curl for every file.
func crowdCurl(t *testing.T, e errand, limit time.Duration) func() error {
	return func() error {
		for _, name := range e.files {
			err := e.call(t, limit, nil, "curl", append(curlArgs(e.link),
				"-o", filepath.Join(e.got, name), curlURL(e.link, e.remote("down", name)))...)
			if err != nil {
				return err
			}
			err = e.call(t, limit, nil, "curl", append(curlArgs(e.link),
				"-T", filepath.Join(e.src, name), curlURL(e.link, e.remote("up", name)))...)
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// crowdScript moves all files in one session, one down, one up.
func crowdScript(env func(t *testing.T, l link) []string, program string, script ...string) func(*testing.T, errand, time.Duration) func() error {
	return func(t *testing.T, e errand, limit time.Duration) func() error {
		var more []string
		if env != nil {
			more = env(t, e.link)
		}
		args := []string{"move"}
		for _, name := range e.files {
			args = append(args,
				"down", e.remote("down", name), filepath.Join(e.got, name),
				"up", filepath.Join(e.src, name), e.remote("up", name))
		}
		return func() error { return e.call(t, limit, more, program, scriptArgs(e.link, script, args...)...) }
	}
}

// rclone is in crowds only.
func rclone() client {
	return client{name: "rclone", program: "rclone", version: []string{"version"}}
}

// crowdRclone makes no second attempt at anything.
func crowdRclone(t *testing.T, e errand, limit time.Duration) func() error {
	host := e.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]" // rclone 1.60 appends the port as it is
	}
	secret := strings.TrimSpace(run(t, "rclone", "obscure", e.password))
	remote := fmt.Sprintf(":ftp,host='%s',port=%d,user=%s,pass=%s,explicit_tls=true,no_check_certificate=true,disable_tls13=%t:",
		host, e.port(), user, secret, e.version == "1.2")
	parallel := []string{"copy", "--config=", fmt.Sprintf("--transfers=%d", e.sessions), fmt.Sprintf("--checkers=%d", e.sessions),
		"--retries=1", "--low-level-retries=1"}
	down := append(parallel[:len(parallel):len(parallel)], remote+"down/"+e.id, e.got)
	up := append(parallel[:len(parallel):len(parallel)], e.src, remote+"up/"+e.id)
	return func() error {
		if err := e.call(t, limit, nil, "rclone", down...); err != nil {
			return err
		}
		return e.call(t, limit, nil, "rclone", up...)
	}
}
