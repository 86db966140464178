package ftpfs_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/ftpfs"
)

// A listing's zone is found by what MDTM says, if there is something to compare.
func TestClock(t *testing.T) {
	const listing = "-rw-r--r-- 1 u g 3 Jan 01  2020 old\r\n-rw-r--r-- 1 u g 3 %s a\r\n-rw-r--r-- 1 u g 3 %s b\r\ndrwxr-xr-x 2 u g 3 %s d\r\n"
	for name, tt := range map[string]struct {
		features []string
		mdtm     func(now time.Time) []string
		want     ftpfs.Clock
	}{
		"MLSD":              {[]string{"MLST type*;modify*;", "MDTM"}, nil, ftpfs.Clock{Precision: time.Second, OldPrecision: time.Second, Known: true}},
		"no MDTM":           {[]string{"SIZE"}, nil, ftpfs.Clock{Precision: time.Minute, OldPrecision: 24 * time.Hour}},
		"UTC":               {[]string{"MDTM"}, zoned(0, 0), ftpfs.Clock{Precision: time.Minute, OldPrecision: 24 * time.Hour, Known: true}},
		"two hours ahead":   {[]string{"MDTM"}, zoned(2*time.Hour, 2*time.Hour), ftpfs.Clock{Precision: time.Minute, OldPrecision: 24 * time.Hour, Skew: 2 * time.Hour, Known: true}},
		"half hours behind": {[]string{"MDTM"}, zoned(-210*time.Minute, -210*time.Minute), ftpfs.Clock{Precision: time.Minute, OldPrecision: 24 * time.Hour, Skew: -210 * time.Minute, Known: true}},
		"at odds":           {[]string{"MDTM"}, zoned(time.Hour, 2*time.Hour), ftpfs.Clock{Precision: time.Minute, OldPrecision: 24 * time.Hour}},
		"one was changed":   {[]string{"MDTM"}, zoned(time.Hour, 7*time.Minute), ftpfs.Clock{Precision: time.Minute, OldPrecision: 24 * time.Hour, Skew: time.Hour, Known: true}},
		"nonsense":          {[]string{"MDTM"}, zoned(20*time.Hour, 20*time.Hour), ftpfs.Clock{Precision: time.Minute, OldPrecision: 24 * time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			p := &pretend{features: tt.features, answer: map[string]func(*ftptest.Session, string){
				"CWD": says("250 there"),
				"LIST": func(s *ftptest.Session, _ string) {
					sends(strings.ReplaceAll(listing, "%s", listed().Format("Jan _2 15:04")))(s, "")
				},
				"MDTM": func(s *ftptest.Session, arg string) {
					answers := map[string]int{"/a": 0, "/b": 1}
					i, ok := answers[arg]
					if !ok {
						t.Errorf("MDTM %s", arg)
					}
					s.Reply("213 " + tt.mdtm(listed())[i])
				},
			}}
			against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
				if got, err := f.Clock(t.Context()); err != nil || got != tt.want {
					t.Errorf("%+v, %v; want %+v", got, err, tt.want)
				}
			})
		})
	}
}

// listed is when the files of the listing were changed, as the listing has it.
func listed() time.Time {
	return time.Now().UTC().Add(-72 * time.Hour).Truncate(24 * time.Hour).Add(10*time.Hour + 7*time.Minute)
}

// zoned gives what MDTM says of two files if the listing is so far ahead of UTC.
func zoned(a, b time.Duration) func(time.Time) []string {
	return func(now time.Time) []string {
		return []string{now.Add(-a + 31*time.Second).Format("20060102150405"), now.Add(-b + 59*time.Second).Format("20060102150405")}
	}
}

// A server that has neither MLST nor SIZE is asked for the listing.
func TestStatByListing(t *testing.T) {
	p := &pretend{features: []string{"UTF8"}, answer: map[string]func(*ftptest.Session, string){
		"CWD": func(s *ftptest.Session, arg string) {
			if arg == "/" {
				s.Reply("250 there")
				return
			}
			s.Reply("550 no")
		},
		"LIST": sends("-rw-r--r-- 1 u g 3 Jan 01  2020 f\r\n"),
	}}
	against(t, 1, ftpfs.Options{}, p.script, func(t *testing.T, f *ftpfs.FS) {
		e, err := f.Stat(t.Context(), path(t, "/f"))
		if err != nil || e.Name != "f" || e.Size != 3 || e.Kind != vfs.KindFile || e.Rights != vfs.FileWrite {
			t.Errorf("%+v, %v", e, err)
		}
		if _, err := f.Stat(t.Context(), path(t, "/none")); !errors.Is(err, vfs.ErrNotExist) {
			t.Errorf("%v", err)
		}
	})
}
