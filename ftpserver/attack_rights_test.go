package ftpserver_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/osfs"
)

// deed is a command, with those before it, and the rights without each of which the last of
// them is refused; enough are those with which alone it is done.
type deed struct {
	lines  string // parted by ";"
	need   layer.Allow
	enough layer.Allow // 0: need
	never  bool        // it is refused with all rights, too: it does not suit what is there
	steps  bool        // what is allowed of it is done before it is refused
}

// deeds is every command that has to do with files: on a file f, a directory d that is empty
// and one, full, that holds a file g, and the links lf to f and ld to d.
func deeds() []deed {
	know := layer.AllowList // as does any right to do something with a file that is there
	list := []deed{
		{lines: "DELE f", need: layer.AllowDelete}, {lines: "DELE lf", need: layer.AllowDelete},
		{lines: "DELE full/g", need: layer.AllowDelete}, {lines: "DELE d", need: layer.AllowDelete, never: true},
		{lines: "RMD d", need: layer.AllowRmdir}, {lines: "XRMD d", need: layer.AllowRmdir},
		{lines: "RMD full", need: layer.AllowRmdir, never: true}, {lines: "RMD f", need: layer.AllowRmdir, never: true},
		{lines: "MKD new", need: layer.AllowMkdir}, {lines: "XMKD new", need: layer.AllowMkdir},
		{lines: "MKD d/new", need: layer.AllowMkdir}, {lines: "MKD d", need: layer.AllowMkdir, never: true},
		{lines: "SITE MKDIR new/deep", need: layer.AllowMkdir, enough: know}, // it looks what is there
		{lines: "SITE RMDIR full", need: layer.AllowRmdir | layer.AllowDelete | layer.AllowList, steps: true},
		{lines: "SITE RMDIR d", need: layer.AllowRmdir | layer.AllowList},
		{lines: "SITE SYMLINK f new", need: layer.AllowLink}, {lines: "SITE SYMLINK d new", need: layer.AllowLink},

		{lines: "STOR new", need: layer.AllowUpload}, {lines: "STOR f", need: layer.AllowOverwrite},
		{lines: "STOR lf", need: layer.AllowOverwrite}, {lines: "STOR ld/new", need: layer.AllowUpload},
		{lines: "STOR d", never: true}, {lines: "REST 2;STOR f", need: layer.AllowOverwrite},
		{lines: "APPE new", need: layer.AllowUpload}, {lines: "APPE f", need: layer.AllowAppend},
		{lines: "APPE lf", need: layer.AllowAppend}, {lines: "STOU", need: layer.AllowUpload},
		{lines: "SITE COPY f new", need: layer.AllowDownload | layer.AllowUpload},
		{lines: "SITE COPY f full/g", need: layer.AllowDownload | layer.AllowOverwrite},
		{lines: "SITE COPY lf new", need: layer.AllowDownload | layer.AllowUpload},
		{lines: "SITE CPFR f;SITE CPTO new", need: layer.AllowDownload | layer.AllowUpload},
		{lines: "COMB new f full/g", need: layer.AllowDownload | layer.AllowUpload | layer.AllowDelete},

		{lines: "RNFR f;RNTO new", need: layer.AllowRename | layer.AllowUpload},
		{lines: "RNFR f;RNTO full/new", need: layer.AllowRename | layer.AllowUpload},
		{lines: "RNFR f;RNTO full/g", need: layer.AllowRename | layer.AllowOverwrite},
		{lines: "RNFR lf;RNTO new", need: layer.AllowRename | layer.AllowUpload},
		{lines: "RNFR d;RNTO new", need: layer.AllowRenameDir | layer.AllowMkdir},
		{lines: "RNFR full;RNTO d/new", need: layer.AllowRenameDir | layer.AllowMkdir},

		{lines: "RETR f", need: layer.AllowDownload}, {lines: "RETR lf", need: layer.AllowDownload},
		{lines: "RETR full/g", need: layer.AllowDownload}, {lines: "REST 1;RETR f", need: layer.AllowDownload},
		{lines: "RETR d", never: true},
		{lines: "HASH f", need: layer.AllowHash}, {lines: "HASH lf", need: layer.AllowHash},
		{lines: "RANG 1 2;HASH f", need: layer.AllowHash | layer.AllowDownload},

		{lines: "CWD d", enough: know}, {lines: "XCWD ld", enough: know},
		{lines: "SIZE f", enough: know}, {lines: "SIZE lf", enough: know}, {lines: "MDTM f", enough: know},
		{lines: "MLST f", enough: know}, {lines: "MLST d", enough: know}, {lines: "MLST lf", enough: know},
	}
	for _, verb := range []string{"XCRC", "XMD5", "XSHA1", "XSHA", "XSHA256", "XSHA512", "MD5"} {
		list = append(list, deed{lines: verb + " f", need: layer.AllowHash})
	}
	for _, verb := range []string{"LIST", "NLST", "MLSD", "STAT"} {
		list = append(list, deed{lines: verb + " d", need: layer.AllowList}, deed{lines: verb + " full", need: layer.AllowList})
	}
	for _, what := range []string{"f", "d", "lf"} {
		for _, line := range []string{"MFMT 20200102030405 ", "MFF Modify=20200102030405; ", "SITE UTIME 202001020304 ", "SITE CHMOD 640 "} {
			list = append(list, deed{lines: line + what, need: layer.AllowAttr})
		}
		list = append(list, deed{lines: "MFCT 20200102030405 " + what, need: layer.AllowAttr, never: true}) // no such time here
	}
	return list
}

// fileless are the commands of a session that is logged in which touch no file: no right
// has to do with them.
var fileless = []string{
	"STAT", "TYPE", "MODE", "STRU", "PASV", "EPSV", "PORT", "EPRT", "ABOR", "REST", "CDUP", "PWD", "RNFR", "RANG", "AVBL", "ACCT",
	"ALLO", "LANG", "SITE", "SITE HELP", "SITE UMASK", "SITE IDLE", "SITE CPFR",
	"SITE CHGRP", // only of files that one may change at all, see TestSiteChgrp; as root it changes the group
}

// S-73: every command, on a file, a directory and links, with all rights but each one: where
// the right is needed it is refused and nothing is changed, and else it is done. Without any
// rights nothing is done, and with the rights that it needs alone it is.
func TestS73RightsOfEveryCommand(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no modes there")
	}
	t.Parallel()
	tested := slices.Clone(fileless)
	for _, d := range deeds() {
		for line := range strings.SplitSeq(d.lines, ";") {
			words := strings.Fields(line)
			tested = append(tested, words[0])
			if words[0] == "SITE" {
				tested = append(tested, "SITE "+words[1])
			}
		}
	}
	for _, info := range ftpserver.Commands() {
		if info.Login && !info.Never && !slices.Contains(tested, info.Verb) {
			t.Errorf("%s is not tried here", info.Verb)
		}
	}
	var on []string
	for _, info := range ftpserver.Commands() {
		if info.Off && info.Login {
			on = append(on, info.Verb)
		}
	}
	trees := t.TempDir()
	srv := ftptest.NewServerFS(nil, func(s *ftpserver.Server) {
		inClear(s)
		s.Verbs.On = on
		s.Limits.Sessions, s.Limits.SessionsPerAddress = 1000, 1000
		s.Login = func(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
			dir, rights, _ := strings.Cut(c.User, ":")
			mask, err := strconv.ParseUint(rights, 10, 16)
			if err != nil {
				return nil, err
			}
			tree, err := osfs.Open(filepath.Join(trees, dir), osfs.With(osfs.Policy{Durability: vfs.DurableProcess}))
			if err != nil {
				return nil, err
			}
			seen, err := layer.Access(tree, layer.Policy{Rules: []layer.Rule{{Allow: layer.Allow(mask)}}})
			return &auth.Grant{Account: c.User, FS: seen, Release: func() { tree.Close() }}, err
		}
	})
	t.Cleanup(srv.Close)
	for i, d := range deeds() {
		try := func(name string, allow layer.Allow, want bool) {
			t.Helper()
			dir := fmt.Sprint(i, "-", name)
			tree := rightsTree(t, filepath.Join(trees, dir))
			before := snapshot(t, tree)
			reply := do(t, srv, fmt.Sprint(dir, ":", uint16(allow)), d.lines)
			if done := reply < "400"; done != want {
				t.Errorf("%s, %s: %s", d.lines, name, reply)
			}
			if after := snapshot(t, tree); !want && !d.steps && !slices.Equal(after, before) {
				t.Errorf("%s, %s: it was refused, and the tree has changed:\n%q\n%q", d.lines, name, before, after)
			}
		}
		try("all", layer.AllowAll, !d.never)
		try("none", 0, false)
		for right := layer.Allow(1); right <= layer.AllowAll; right <<= 1 {
			try(fmt.Sprint("without ", uint16(right)), layer.AllowAll&^right, !d.never && d.need&right == 0)
		}
		try("alone", d.need|d.enough, !d.never)
	}
}

// rightsTree makes the files that deeds are done to.
func rightsTree(t *testing.T, dir string) vfs.FS {
	t.Helper()
	for _, sub := range []string{"d", "full"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"f", "full/g"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("content"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"lf": "f", "ld": "d"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip("the system makes no links: ", err)
		}
	}
	tree, err := osfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	return tree
}

// do logs in, sends the lines, moves what is to be moved, and gives the last reply.
func do(t *testing.T, srv *ftptest.Server, user, lines string) (reply string) {
	t.Helper()
	c := connect(t, srv)
	defer c.away()
	c.expect("220")
	c.do("USER "+user, "331")
	c.do("PASS x", "230")
	c.do("TYPE I", "200")
	for line := range strings.SplitSeq(lines, ";") {
		if strings.HasPrefix(lines, "MFF ") {
			line = lines // whose facts end in ";"
		}
		verb, _, _ := strings.Cut(line, " ")
		moves := slices.Contains([]string{"STOR", "APPE", "STOU", "RETR", "LIST", "NLST", "MLSD"}, verb)
		var data *net.TCPConn
		if moves {
			data = c.dialData(c.epsv())
		}
		c.write(line + "\r\n")
		reply = c.expect("")
		if moves && strings.HasPrefix(reply, "150") {
			if verb == "STOR" || verb == "APPE" || verb == "STOU" {
				if _, err := io.WriteString(data, "new"); err != nil {
					t.Error(err)
				}
				data.CloseWrite()
			}
			_, _ = io.Copy(io.Discard, data)
			reply = c.expect("")
		}
		if reply >= "400" || line == lines {
			break
		}
	}
	return reply
}
