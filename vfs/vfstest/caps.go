package vfstest

import "github.com/sealane/sealane/vfs"

// What is free is part of the whole, where either is known.
func testSpace(s *suite) {
	s.fill(map[string]string{"d/f": "content"})
	for _, name := range []string{"/", "/d"} {
		sp, err := s.fs.Space(s.Context(), s.path(name))
		if err != nil || sp.Free < -1 || sp.Total < -1 || sp.Total >= 0 && sp.Free > sp.Total {
			s.Errorf("Space(%q) = %+v, %v", name, sp, err)
		}
		if sp.Free == 0 {
			s.Errorf("Space(%q) = %+v, and yet there is some", name, sp)
		}
	}
	for name, want := range map[string]error{"/none": vfs.ErrNotExist, "/d/f": vfs.ErrNotDir} {
		_, err := s.fs.Space(s.Context(), s.path(name))
		s.wantErr("Space "+name, err, want)
	}
}

// Caps do not change, and say what kind of storage this is.
func testCaps(s *suite) {
	before := s.fs.Caps()
	if !before.Write {
		s.Errorf("an FS that can be written to, with %+v", before)
	}
	if d := before.Durability; d != vfs.DurableNone && d != vfs.DurableProcess && d != vfs.DurableFull {
		s.Errorf("there is no durability %d", d)
	}
	s.fill(map[string]string{"d/f": "content"})
	if after := s.fs.Caps(); after != before {
		s.Errorf("Caps changed from %+v to %+v", before, after)
	}
}
