//go:build interop && linux

package durability

import (
	"fmt"
	"testing"
)

// TestFull: on a disk without space, or without inodes, an upload is answered with
// 452, leaves no partial file and no bytes, and everything else goes on (S-79).
func TestFull(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	mount(t, dir, "-t", "tmpfs", "-o", "size=1m,nr_inodes=50", "tmpfs")
	s := newServer(t, dir)
	s.start(t)
	c := connect(t, s)
	expect := func(want int, what string, code int, err error) {
		t.Helper()
		if err != nil || code != want {
			t.Errorf("%s: %d, %v; want %d", what, code, err, want)
		}
	}
	old := body("old", 1, 100*kib)
	code, err := c.store("old", old)
	expect(226, "an upload that fits", code, err)

	reader := connect(t, s) // a session that is in the middle of something
	d, code, err := reader.open("RETR old", 0)
	expect(150, "RETR", code, err)

	code, err = c.store("big", body("big", 1, 2*mib))
	expect(452, "an upload larger than the disk", code, err)
	code, err = c.store("old", body("old", 2, 2*mib))
	expect(452, "a replacement larger than the disk", code, err)
	code, err = c.upload("APPE old", 0, body("more", 1, 2*mib))
	expect(452, "APPE of more than the disk has", code, err)
	only(t, s, map[string]state{"old": 1})
	if rest := leftovers(t, dir); bytesOf(rest) > 0 {
		t.Errorf("refused uploads still take space: %v", rest)
	}

	code, err = c.store("small", body("small", 1, 500*kib))
	expect(226, "an upload that fits, after the others", code, err)
	finishReading(t, reader, d, old)

	files := map[string]state{"old": 1, "small": 1}
	refused := 0
	for i := range 100 {
		name := fmt.Sprintf("inode%d", i)
		code, err := c.store(name, body(name, 1, 0))
		if err == nil && code == 226 {
			files[name] = 1
			continue
		}
		refused++
		expect(452, "an upload without an inode", code, err)
	}
	if refused == 0 {
		t.Error("100 files on a disk with 50 inodes")
	}
	only(t, s, files)
	code, err = c.cmd("MKD dir")
	expect(452, "MKD without an inode", code, err)
	for i := range 5 {
		name := fmt.Sprintf("inode%d", i)
		code, err = c.cmd("DELE " + name)
		expect(250, "DELE", code, err)
		delete(files, name)
	}
	code, err = c.store("last", body("last", 1, 0))
	expect(226, "an upload when there is room again", code, err)
	files["last"] = 1
	only(t, s, files)
	t.Logf("S-79: %d files on the disk, %d uploads refused for want of an inode", len(files), refused)
	s.stop(t)
}

func bytesOf(files map[string]int64) (sum int64) {
	for _, size := range files {
		sum += size
	}
	return sum
}

// only checks that the folder has these files and no others, all whole.
func only(t *testing.T, s *server, want map[string]state) {
	t.Helper()
	found, wrong := survey(t, s.dir)
	for _, w := range wrong {
		t.Error(w)
	}
	for name, state := range want {
		if found[name] != state {
			t.Errorf("%s is %v, want %v", name, found[name], state)
		}
		delete(found, name)
	}
	for name, state := range found {
		t.Errorf("%s is there: %v", name, state)
	}
}

// finishReading reads what is left of a download.
func finishReading(t *testing.T, c *client, d *data, want []byte) {
	t.Helper()
	if d == nil {
		return
	}
	defer d.Close()
	got := make([]byte, len(want)+1)
	n := 0
	for n < len(got) {
		m, err := d.Read(got[n:])
		n += m
		if err != nil {
			break
		}
	}
	if code, err := c.reply(); err != nil || code != 226 || string(got[:n]) != string(want) {
		t.Errorf("the download beside it: %d bytes, %d, %v", n, code, err)
	}
}
