package vfstest

import (
	"testing"

	"github.com/sealane/sealane/vfs"
)

// Run runs the suite. newFS makes an empty FS that can be written to; the suite
// closes it. It is called once for every subtest. What the FS lacks, by its Caps,
// is not asked of it, and neither is what without names.
func Run(t *testing.T, newFS func(t *testing.T) vfs.FS, without ...Without) {
	why := map[string]string{}
	for _, w := range without {
		why[w.Subtest] = w.Why
	}
	for _, test := range subtests() {
		t.Run(test.name, func(t *testing.T) {
			if reason, skip := why[test.name]; skip {
				t.Skip(reason)
			}
			test.start(t, newFS)
		})
		delete(why, test.name)
	}
	for name := range why {
		t.Errorf("there is no subtest %q to leave out", name)
	}
}

// Without leaves out a subtest whose point of the contract a storage cannot keep by its
// nature; its documentation has to say so.
type Without struct{ Subtest, Why string }

// subtest is one part of the suite. One for which a storage lacks what Caps says
// is skipped.
type subtest struct {
	name  string
	needs func(vfs.Caps) bool // nil: nothing
	run   func(s *suite)
}

func (c subtest) start(t *testing.T, newFS func(t *testing.T) vfs.FS) {
	fsys := newFS(t)
	t.Cleanup(func() {
		if err := fsys.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	if c.needs != nil && !c.needs(fsys.Caps()) {
		t.Skipf("not for a storage with %+v", fsys.Caps())
	}
	c.run(&suite{t, fsys})
}

// What some subtests need.
func whole(c vfs.Caps) bool      { return !c.InPlace }
func inPlace(c vfs.Caps) bool    { return c.InPlace }
func resume(c vfs.Caps) bool     { return c.Resume }
func noResume(c vfs.Caps) bool   { return !c.Resume }
func modes(c vfs.Caps) bool      { return c.SetMode }
func symlinks(c vfs.Caps) bool   { return c.Symlink }
func noSymlinks(c vfs.Caps) bool { return !c.Symlink }

func subtests() []subtest {
	return []subtest{
		{"Caps", nil, testCaps},
		{"Stat", nil, testStat},
		{"Unique", nil, testUnique},
		{"Rights", nil, testRights},
		{"SetAttr", nil, testSetAttr},
		{"CreateModTime", nil, testCreateModTime},
		{"SetAttrEach", nil, testSetAttrEach},
		{"SetAttrAllOrNone", nil, testSetAttrAllOrNone},
		{"List", nil, testList},
		{"ListFields", nil, testListFields},
		{"ListMany", nil, testListMany},
		{"ListEnds", nil, testListEnds},
		{"Open", nil, testOpen},
		{"Seek", nil, testSeek},
		{"ReaderKeepsItsVersion", whole, testReaderKeepsItsVersion},
		{"Create", nil, testCreate},
		{"CreateErrors", nil, testCreateErrors},
		{"CreateMode", modes, testCreateMode},
		{"NothingBeforeCommit", whole, testNothingBeforeCommit},
		{"Offset", nil, testOffset},
		{"Append", nil, testAppend},
		{"AppendConflict", whole, testAppendConflict},
		{"AppendSetAttr", whole, testAppendSetAttr},
		{"Abort", whole, testAbort},
		{"CommitTwice", nil, testCommitTwice},
		{"CommitCancelled", whole, testCommitCancelled},
		{"CommitOntoDirectory", whole, testCommitOntoDirectory},
		{"CommitIntoNothing", whole, testCommitIntoNothing},
		{"LastCommitWins", whole, testLastCommitWins},
		{"InPlace", inPlace, testInPlace},
		{"Exclusive", nil, testExclusive},
		{"ExclusiveCommit", whole, testExclusiveCommit},
		{"ExclusiveRace", nil, testExclusiveRace},
		{"ExclusiveRename", nil, testExclusiveRename},
		{"ExclusiveRenameRace", nil, testExclusiveRenameRace},
		{"Unfinished", resume, testUnfinished},
		{"UnfinishedIsHidden", resume, testUnfinishedIsHidden},
		{"UnfinishedRights", resume, testUnfinishedRights},
		{"NotKept", resume, testNotKept},
		{"NoneKept", noResume, testNoneKept},
		{"Continue", resume, testContinue},
		{"ContinueOverFile", resume, testContinueOverFile},
		{"ContinueByAppend", resume, testContinueByAppend},
		{"ContinueAgain", resume, testContinueAgain},
		{"ContinueRace", resume, testContinueRace},
		{"ForgetUnfinished", resume, testForgetUnfinished},
		{"RemoveUnfinished", resume, testRemoveUnfinished},
		{"Mkdir", nil, testMkdir},
		{"Symlink", symlinks, testSymlink},
		{"SymlinkDangling", symlinks, testSymlinkDangling},
		{"SymlinkPlaces", symlinks, testSymlinkPlaces},
		{"NoSymlink", noSymlinks, testNoSymlink},
		{"Remove", nil, testRemove},
		{"Rename", nil, testRename},
		{"RenameDuringUpload", whole, testRenameDuringUpload},
		{"Names", nil, testNames},
		{"Hash", nil, testHash},
		{"HashRanges", nil, testHashRanges},
		{"HashCancelled", nil, testHashCancelled},
		{"Space", nil, testSpace},
		{"Cancelled", nil, testCancelled},
		{"Concurrent", whole, testConcurrent},
		{"Close", nil, testClose},
	}
}
