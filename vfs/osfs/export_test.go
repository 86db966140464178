package osfs

import "os"

// Named has a folder stored to without O_TMPFILE, as on a disk that has none.
func Named() Option {
	return func(s *settings) {
		s.method = func(top *dir) method {
			m := findMethod(top)
			m.nameless = false
			return m
		}
	}
}

// NoHidden has a folder whose top cannot hold the hidden folder.
func NoHidden() Option {
	return func(s *settings) {
		find := s.method
		s.method = func(top *dir) method {
			m := find(top)
			m.noHidden = true
			return m
		}
		s.calls.mkdir = func(d *dir, name string) error {
			if name == hiddenName {
				return errLocked
			}
			return d.mkdir(name)
		}
	}
}

// NoSync has syncs only look as if, for tests that are not about them.
func NoSync() Option {
	return func(s *settings) {
		s.calls.fsync = func(*os.File) error { return nil }
		s.calls.syncDir = func(*dir) error { return nil }
	}
}
