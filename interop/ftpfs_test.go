//go:build interop && linux

package interop

import (
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/ftpfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// ftpfsConnections is more than Pure-FTPd can take at once, which has a backlog of 5: that
// the pool makes them a few at a time is seen here.
const ftpfsConnections = 20

// leftOut adds subtests of vfstest that cannot be demanded, for one reason.
func leftOut(all []vfstest.Without, why string, subtests ...string) []vfstest.Without {
	for _, name := range subtests {
		if !slices.ContainsFunc(all, func(w vfstest.Without) bool { return w.Subtest == name }) {
			all = append(all, vfstest.Without{Subtest: name, Why: why})
		}
	}
	return all
}

// notOf is what a peer cannot do, or what vfs/ftpfs says that no server can be made to do.
func notOf(peer string, temporary bool) (all []vfstest.Without) {
	all = leftOut(all, "the server has no HASH", "Hash", "HashRanges", "HashCancelled")
	// vsftpd even has RETR wait for the end of the upload (lock_upload_files).
	all = leftOut(all, "what was written is still under way, and Abort cuts it", "InPlace")
	all = leftOut(all, "a file is asked for when it is read", "ReaderKeepsItsVersion", "Concurrent")
	if temporary {
		all = leftOut(all, "an upload that builds on what is there goes to the final name, and is seen there as it grows",
			"NothingBeforeCommit", "AppendConflict", "AppendSetAttr", "Abort")
	}
	const uncut = "STOR behind REST leaves what lies behind it, which is an error of Commit"
	switch peer {
	case "vsftpd":
		all = leftOut(all, uncut, "Offset")
		all = leftOut(all, "without MLST there is no mode, and no time of a directory", "Stat", "SetAttr")
		all = leftOut(all, "the server sets times by MDTM, and does not say so to FEAT", "CreateModTime")
		all = leftOut(all, "without MLSD times are to the minute, and names that begin with a dot are not listed", "List", "ListFields", "Names")
		if temporary {
			all = leftOut(all, "a directory with a temporary name in it looks empty", "CommitIntoNothing")
		}
	case "proftpd":
		all = leftOut(all, uncut, "Offset", "CreateModTime")
		all = leftOut(all, "the server refuses some names of directories", "Names")
	case "pure-ftpd":
		all = leftOut(all, "the server makes another character of a space at the end of a name", "Names")
	case "pyftpdlib":
		all = leftOut(all, uncut, "Offset", "CreateModTime")
		all = leftOut(all, "the server does not tell modes", "Stat")
		all = leftOut(all, "the server refuses MFMT of a directory", "SetAttr")
		all = leftOut(all, "the server says perm=M of a file", "Rights")
		all = leftOut(all, "the server replaces what is not UTF-8 in a name", "Names")
	}
	return all
}

// vfs/ftpfs keeps the contract of vfs.FS on servers that are not ours.
func TestFTPFS(t *testing.T) {
	for _, peer := range rivals() {
		for _, o := range []ftpfs.Options{{StatOnCommit: true}, {StatOnCommit: true, TempNames: true}} {
			name := peer.name
			if o.TempNames {
				name += "/temporary names"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				at := startProtected(t, peer, &protection{version: "1.2"})
				var trees atomic.Int32
				vfstest.Run(t, func(t *testing.T) vfs.FS {
					return treeOf(t, at, fmt.Sprintf("tree%d", trees.Add(1)), o)
				}, notOf(peer.name, o.TempNames)...)
			})
		}
	}
}

// treeOf makes a folder on the peer, and gives the tree below it.
func treeOf(t *testing.T, at *grounds, name string, o ftpfs.Options) vfs.FS {
	t.Helper()
	dir := filepath.Join(at.tree, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, daemonID, daemonID); err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(at.tls.certificate)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	host, port, err := net.SplitHostPort(at.address())
	if err != nil {
		t.Fatal(err)
	}
	u := ftp.URL{Host: host, Port: port, User: user, Password: at.password, HasPassword: true, Path: "/" + name}
	said := new(dialogue)
	pool := ftpclient.NewPool(ftpclient.PoolOptions{Limit: ftpfsConnections, Client: ftpclient.Options{RootCAs: roots, Trace: said.add}})
	t.Cleanup(func() {
		pool.Close()
		if t.Failed() {
			t.Log("the end of the dialogue:\n" + said.end())
		}
	})
	f, err := ftpfs.New(t.Context(), pool, u, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// dialogue keeps what was said on the control connections of a pool.
type dialogue struct {
	mu    sync.Mutex
	lines []string
}

func (d *dialogue) add(e ftpclient.TraceEvent) {
	line := e.Conn
	switch e.Kind {
	case ftpclient.TraceConnected:
		line += " connected"
	case ftpclient.TraceSent:
		line += " > " + e.Command
	case ftpclient.TraceReceived:
		line += " < " + e.Reply.String()
	default:
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *dialogue) end() string {
	const lines = 60
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines[max(0, len(d.lines)-lines):], "\n")
}
