//go:build interop && linux && !386

package durability

import (
	"fmt"
	"strings"
	"testing"
)

// scene is one command on the lossy disk: what is there before it, the command,
// and what may be there after it.
type scene struct {
	name   string
	before map[string]int // files and their versions
	run    func(c *client) (int, error)
	after  map[string]int // if it was acknowledged
	// between is what may be there besides, without an acknowledgement: a disk
	// without a journal has a file that moves to another folder in both, in the
	// safer order of the two syncs.
	between map[string]int
	broken  bool // an upload to "a" has broken off before
}

const sceneSize = 300 * kib // three writes or so

// longer is version 2 of "a" that grows out of version 1 by APPE or REST.
func longer(n int) []byte { return body("a", 2, 2*sceneSize)[n:] }

func scenes() []scene {
	content := func(version int) []byte { return body("a", version, sceneSize) }
	return []scene{
		{name: "STOR new", run: func(c *client) (int, error) { return c.store("a", content(2)) },
			after: map[string]int{"a": 2}},
		{name: "STOR replaces", before: map[string]int{"a": 1},
			run:   func(c *client) (int, error) { return c.store("a", content(2)) },
			after: map[string]int{"a": 2}},
		{name: "STOR in a folder", before: map[string]int{"dir/a": 1},
			run:   func(c *client) (int, error) { return c.store("dir/a", content(2)) },
			after: map[string]int{"dir/a": 2}},
		{name: "REST and STOR", before: map[string]int{"a": half},
			run:   func(c *client) (int, error) { return c.upload("STOR a", sceneSize, longer(sceneSize)) },
			after: map[string]int{"a": 2}},
		{name: "APPE", before: map[string]int{"a": half},
			run:   func(c *client) (int, error) { return c.upload("APPE a", 0, longer(sceneSize)) },
			after: map[string]int{"a": 2}},
		{name: "REST goes on with a broken upload", before: map[string]int{"a": 1}, broken: true,
			run:   func(c *client) (int, error) { return c.upload("STOR a", sceneSize, longer(sceneSize)) },
			after: map[string]int{"a": 2}},
		{name: "APPE goes on with a broken upload", broken: true,
			run:   func(c *client) (int, error) { return c.upload("APPE a", 0, longer(sceneSize)) },
			after: map[string]int{"a": 2}},
		{name: "DELE", before: map[string]int{"a": 1},
			run: func(c *client) (int, error) { return c.cmd("DELE a") }},
		{name: "RNTO", before: map[string]int{"a": 1},
			run:   func(c *client) (int, error) { return c.rename("a", "a~b") },
			after: map[string]int{"a~b": 1}},
		{name: "RNTO to a folder", before: map[string]int{"a": 1, "dir/b": 3},
			run:   func(c *client) (int, error) { return c.rename("a", "dir/a") },
			after: map[string]int{"dir/a": 1, "dir/b": 3}, between: map[string]int{"a": 1, "dir/a": 1, "dir/b": 3}},
		{name: "RNTO replaces", before: map[string]int{"a": 1, "a~b": 3},
			run:   func(c *client) (int, error) { return c.rename("a", "a~b") },
			after: map[string]int{"a~b": 1}},
		{name: "MKD", run: func(c *client) (int, error) { return c.cmd("MKD made") },
			after: map[string]int{"made": int(directory)}},
		{name: "RMD", before: map[string]int{"made": int(directory)},
			run: func(c *client) (int, error) { return c.cmd("RMD made") }},
	}
}

// half is the version of a file that is the beginning of longer(0).
const half = -3

// prepare puts on the disk what is there before the scene, synced.
func (sc scene) prepare(t *testing.T, d *disk) {
	t.Helper()
	for path, version := range sc.before {
		parent := uint64(rootNode)
		if dir, base, found := strings.Cut(path, "/"); found {
			id, err := d.create(parent, dir, true, 0o755)
			must(t, err)
			parent, path = id, base
		}
		if version == int(directory) {
			_, err := d.create(parent, path, true, 0o755)
			must(t, err)
			continue
		}
		id, err := d.create(parent, path, false, 0o644)
		must(t, err)
		content := body("a", version, sceneSize)
		if version == half {
			content = longer(0)[:sceneSize]
		}
		must(t, d.write(id, 0, content))
	}
	d.syncAll()
}

// verdict says whether the disk is as before the scene, or as good as that, or as
// after it.
func (sc scene) verdict(d *disk) (before, after bool, detail string) {
	found := map[string]int{}
	for path, content := range d.files() {
		path, dir := strings.CutSuffix(path, "/")
		switch {
		case path == private || strings.HasPrefix(path, private+"/"):
		case dir && path == "dir": // part of the scenery
		case dir:
			found[path] = int(directory)
		case string(content) == string(longer(0)[:sceneSize]):
			found[path] = half
		default:
			_, version, err := whole(content)
			if err != nil {
				version = int(broken)
				detail += fmt.Sprintf("%s: %v; ", path, err)
			}
			found[path] = version
		}
	}
	same := func(want map[string]int) bool {
		if len(want) != len(found) {
			return false
		}
		for path, version := range want {
			if found[path] != version {
				return false
			}
		}
		return true
	}
	return same(sc.before) || sc.between != nil && same(sc.between), same(sc.after), fmt.Sprintf("%v %s", found, detail)
}

// variants are the file systems of the scenes: with files that have no name
// (O_TMPFILE), and without, so that the server has to fall back on named ones.
func variants(t *testing.T, run func(t *testing.T, kind traits)) {
	t.Run("tmpfile", func(t *testing.T) { run(t, traits{}) })
	t.Run("fallback", func(t *testing.T) { run(t, traits{noTmpfile: true}) })
}
