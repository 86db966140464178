package archtest

// Row says what one package may import besides the standard library.
type Row struct {
	Package string   // folder below the module's root
	Module  []string // packages of this module
	Library []string // import paths of other modules, with everything below them
	Tests   []string // what its tests may import besides: folders, or import paths
}

// Plan is the set of rules that Check holds a module to.
type Plan struct {
	Rows []Row
	// Tests lists what every _test.go file may import besides its own row.
	Tests []string
	// NoExample lists the public packages that need no Example.
	NoExample []string
	// BadNames lists the package names that say nothing about their content.
	BadNames []string
}

// House is the plan of Sealane. What is not listed is not allowed.
//
// It keeps, above all: ftpserver and ftpclient do not know each other; a
// storage driver knows no other driver; a public package needs no command-line,
// configuration or metrics library; only the commands reach the daemon;
// what only serves tests (ftptest, vfs/vfstest) is not in the program.
func House() Plan {
	return Plan{
		Rows: []Row{
			// The vocabulary: standard library only.
			{Package: "ftp"},
			{Package: "vfs"},

			// What both ends of a connection share.
			{Package: "internal/sock"},
			// internal/glob matches names for listings and for policies: hostile names
			// and patterns meet in one linear matcher, not in two.
			{Package: "internal/glob"},
			{Package: "internal/origin"},
			{Package: "internal/wire", Module: []string{"ftp"}},
			{Package: "internal/dataconn", Module: []string{"ftp", "internal/origin", "internal/sock"}},
			{Package: "internal/listing", Module: []string{"ftp", "vfs"}},

			// Drivers: each knows its contract and nothing beside it.
			{Package: "vfs/osfs", Module: []string{"vfs"}, Library: []string{"golang.org/x/sys"}},
			{Package: "vfs/memfs", Module: []string{"vfs"}},
			// vfs/ftpfs is a driver by way of the client.
			{Package: "vfs/ftpfs", Module: []string{"vfs", "ftp", "ftpclient"}},
			{Package: "vfs/vfstest", Module: []string{"vfs"}},
			{Package: "vfs/layer", Module: []string{"vfs", "internal/glob"}},
			{
				Package: "mirror",
				Module:  []string{"vfs"},
				// Patterns, forms of Unicode, a bounded rate.
				Library: []string{"github.com/bmatcuk/doublestar/v4", "golang.org/x/text/unicode/norm", "golang.org/x/time/rate"},
				Tests:   []string{"ftpclient", "vfs/ftpfs"}, // its Example is of a server
			},
			{Package: "auth", Module: []string{"vfs"}},
			// auth/password makes grants, which hold a vfs.FS and a vfs.Path.
			{Package: "auth/password", Module: []string{"auth", "vfs"}, Library: []string{"golang.org/x/crypto"}},
			// auth/store knows no driver and no scheme of passwords: it has interfaces for both.
			{Package: "auth/store", Module: []string{"auth"}},
			{Package: "auth/store/sqlite", Module: []string{"auth/store"}, Library: []string{"modernc.org/sqlite"}},
			// The key of a server and the known hosts are written as the program's own files are.
			{Package: "internal/atomicfile"},
			// PKCS #12 is the form that Windows, macOS and graphical clients take; the
			// reader of x/crypto is frozen, and knows no modern encryption.
			{Package: "certs", Module: []string{"internal/atomicfile"}, Library: []string{"golang.org/x/crypto", "software.sslmate.com/src/go-pkcs12"}},
			// certmagic and what its types are made of.
			{Package: "certs/acme", Library: []string{"github.com/caddyserver/certmagic", "github.com/mholt/acmez", "go.uber.org/zap"}},

			// The two ends.
			{Package: "internal/digest"},
			{
				Package: "ftpserver",
				Module:  []string{"ftp", "vfs", "auth", "internal/wire", "internal/dataconn", "internal/listing", "internal/origin", "internal/sock", "internal/glob", "internal/digest"},
				Tests:   []string{"internal/proxy"},
			},
			{
				Package: "ftpclient",
				Module:  []string{"ftp", "vfs", "internal/wire", "internal/dataconn", "internal/listing", "internal/digest"},
				Library: []string{"golang.org/x/net"}, // SOCKS5
			},
			{
				Package: "ftptest",
				Module:  []string{"ftp", "vfs", "vfs/memfs", "vfs/osfs", "auth", "auth/password", "certs", "ftpserver", "ftpclient"},
				Library: []string{"github.com/rogpeppe/go-internal"},
			},

			// The program.
			{Package: "internal/trail", Module: []string{"internal/atomicfile"}},
			{Package: "internal/control", Library: []string{"golang.org/x/sys"}},
			{Package: "internal/guard", Module: []string{"auth", "internal/atomicfile"}},
			{Package: "internal/proxy", Library: []string{"github.com/pires/go-proxyproto"}},
			{Package: "internal/config", Module: []string{"auth", "auth/password", "certs/acme", "ftpserver", "internal/guard"}, Library: []string{"github.com/BurntSushi/toml"}},
			{
				Package: "internal/daemon",
				Module:  []string{"ftp", "vfs", "vfs/layer", "vfs/osfs", "vfs/memfs", "auth", "auth/password", "auth/store", "auth/store/sqlite", "certs", "certs/acme", "ftpserver", "internal/atomicfile", "internal/dataconn", "internal/config", "internal/guard", "internal/proxy", "internal/control", "internal/trail"},
				Library: []string{"github.com/fsnotify/fsnotify"}, // certificates that change
				Tests:   []string{"golang.org/x/crypto", "ftpclient"},
			},
			{Package: "internal/ui", Library: []string{"golang.org/x/term", "github.com/vbauerster/mpb/v8"}},
			{
				Package: "internal/cli",
				Module: []string{
					"ftp", "vfs", "vfs/osfs", "vfs/memfs", "auth", "auth/password", "auth/store", "certs", "ftpserver", "ftpclient", "mirror", "vfs/ftpfs", "internal/listing",
					"internal/atomicfile", "internal/config", "internal/control", "internal/daemon", "internal/glob", "internal/trail", "internal/ui",
				},
				Library: []string{"github.com/BurntSushi/toml", "github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term", "golang.org/x/text/encoding", "golang.org/x/text/unicode/norm", "golang.org/x/time/rate"},
			},
			{Package: "cmd/sealane", Module: []string{"internal/cli"}},

			// What keeps the house true.
			{Package: "internal/archtest"},
			{Package: "internal/testport"},
			{Package: "internal/conformance"},
			{Package: "internal/docgen", Module: []string{"ftp", "ftpserver", "internal/cli", "internal/config", "internal/control"}},
			{Package: "interop", Tests: []string{"ftp", "ftpclient", "vfs", "vfs/ftpfs", "vfs/vfstest"}}, // ABOR has no command, and vfs/ftpfs none of all
			{Package: "interop/durability", Tests: []string{"github.com/hanwen/go-fuse"}},
			{Package: "bench"},
		},
		Tests: []string{
			"ftptest", "vfs", "vfs/memfs", "vfs/osfs", "vfs/vfstest", "vfs/layer", "auth", "auth/password", "auth/store", "certs", "ftp", "internal/testport",
			"github.com/google/go-cmp", "github.com/rogpeppe/go-internal",
		},
		NoExample: []string{"vfs/vfstest"},
		BadNames:  []string{"util", "utils", "common", "shared", "helper", "helpers", "types"},
	}
}

// public says whether a package may be imported by other modules and therefore
// owes them documentation.
func public(pkg string) bool {
	switch top(pkg) {
	case "cmd", "internal", "interop", "bench":
		return false
	}
	return true
}
