package osfs

// linkWay is how a file without a name gets one.
type linkWay uint8

const (
	linkNone      linkWay = iota // not at all
	linkProc                     // by its name in /proc
	linkEmptyPath                // by its descriptor, which needs a privilege
)

// method is how uploads are stored in a folder.
type method struct {
	fileSystem string
	nameless   bool // O_TMPFILE
	link       linkWay
	reflink    bool // a copy that shares its blocks with the old file
	noHidden   bool // the hidden folder cannot be used
}

func (m method) String() string {
	s := "named temporary file + rename"
	if m.nameless {
		s = "O_TMPFILE + linkat"
		if m.link == linkEmptyPath {
			s += " (no /proc)"
		}
	}
	if m.reflink {
		s += ", reflink"
	} else {
		s += ", no reflink"
	}
	if m.noHidden {
		s += ", unusable " + hiddenName + " (uploads that break off are lost)"
	}
	return s + ", " + m.fileSystem
}

// Method says in one line for a log how uploads are stored in this folder, as
// Open found it: by what kind of temporary file, whether appends share the blocks
// of the old file, and on which file system. A file system that is mounted
// further down may have uploads stored in another way.
func (f *FS) Method() string { return f.folder.method.String() }
