package listing

import "testing"

func TestReadUnix(t *testing.T) {
	checkGolden(t, "unix", []golden{
		{"vsftpd", []string{
			"drwxr-xr-x    2 1000     1000         4096 Oct 03 09:12 pub",
			"-rw-r--r--    1 1000     1000          123 Nov 21 11:04 a b",
			"-rw-------    1 0        0      8589934592 Dec 24  2024 large.iso",
			"lrwxrwxrwx    1 0        0               7 Mar 05  2021 bin -> usr/bin",
		}, []Item{
			aDir("pub", "2026-10-03 09:12").mode(0o755), aFile("a b", 123, "2026-11-21 11:04").mode(0o644),
			aFile("large.iso", 8589934592, "2024-12-24").mode(0o600), aLink("bin", "usr/bin", "2021-03-05").mode(0o777),
		}},
		{"ProFTPD", []string{
			"-rw-r--r--   1 ftp      ftp          1024 Nov 22 10:00 tomorrow", "-rw-r--r--   1 ftp      ftp          1024 Nov 23 10:00 last year",
			"-rw-r--r--   1 ftp      20           2048 Jan  2  2020 group in digits", "drwxrwsr-t   3 ftp      ftp          4096 Feb 29 08:00 leap",
		}, []Item{
			aFile("tomorrow", 1024, "2026-11-22 10:00").mode(0o644), aFile("last year", 1024, "2025-11-23 10:00").mode(0o644),
			aFile("group in digits", 2048, "2020-01-02").mode(0o644), aDir("leap", "2024-02-29 08:00").mode(0o775),
		}},
		{"Pure-FTPd", []string{
			"total 3",
			"drwxr-xr-x    4 1001       ftpgroup         4096 May  1 00:59 .", "drwxr-xr-x    4 1001       ftpgroup         4096 May  1 00:59 ..",
			"-rw-r--r--    1 1001       ftpgroup            0 May  1 00:59  leading", "-rw-r--r--    1 1001       ftpgroup            0 May  1 00:59 trailing  ",
		}, []Item{aFile(" leading", 0, "2026-05-01 00:59").mode(0o644), aFile("trailing  ", 0, "2026-05-01 00:59").mode(0o644)}},
		{"pyftpdlib", []string{"-rw-rw-rw-   1 owner    group        7045120 Sep 02  3:47 music.mp3", "-rwxrwxrwx+  1 owner    group            12 Sep 02 03:47 acl"},
			[]Item{aFile("music.mp3", 7045120, "2026-09-02 03:47").mode(0o666), aFile("acl", 12, "2026-09-02 03:47").mode(0o777)}},
		{"IIS in its Unix style", []string{"-rwxrwxrwx   1 owner    group           12345 Jan 12  2020 default.htm", "drwxrwxrwx   1 owner    group               0 Jan 12 15:04 Program Files"},
			[]Item{aFile("default.htm", 12345, "2020-01-12").mode(0o777), aDir("Program Files", "2026-01-12 15:04").mode(0o777)}},
		{"columns more and fewer", []string{
			"  131074     4 -rw-r--r-- 1 a b 5 Jan  2  2020 inode and blocks", "131074 -rw-r--r-- 1 a b 5 Jan  2  2020 inode",
			"-rw-r--r-- 1 ftp 5 Jan  2  2020 no group", "-rw-r--r-- 1 5 Jan  2  2020 no owner", "-rw-r--r-- 5 Jan  2  2020 no links",
			"-rw-r--r-- 1 Domain Users more 5 Jan  2  2020 owner of words", "-rw-r--r--. 1 a b 5 Jan  2  2020 SELinux", "-rw-r--r--@ 1 a b 5 Jan  2  2020 macOS",
		}, []Item{
			aFile("inode and blocks", 5, "2020-01-02").mode(0o644), aFile("inode", 5, "2020-01-02").mode(0o644),
			aFile("no group", 5, "2020-01-02").mode(0o644), aFile("no owner", 5, "2020-01-02").mode(0o644), aFile("no links", 5, "2020-01-02").mode(0o644),
			aFile("owner of words", 5, "2020-01-02").mode(0o644), aFile("SELinux", 5, "2020-01-02").mode(0o644), aFile("macOS", 5, "2020-01-02").mode(0o644),
		}},
		{"what is no file", []string{
			"crw-rw-rw-   1 root root     1,   3 Jan  2  2020 null", "brw-rw----   1 root disk     8,0 Jan  2  2020 sda", "crw-------   1 root wheel 0xff Jan  2  2020 hex",
			"prw-r--r--   1 root root       0 Jan  2  2020 fifo", "srwxr-xr-x   1 root root       0 Jan  2  2020 socket", "Drwxr-xr-x   1 root root       0 Jan  2  2020 door",
		}, []Item{
			aSpecial("null", "2020-01-02").mode(0o666), aSpecial("sda", "2020-01-02").mode(0o660), aSpecial("hex", "2020-01-02").mode(0o600),
			aSpecial("fifo", "2020-01-02").mode(0o644), aSpecial("socket", "2020-01-02").mode(0o755), aSpecial("door", "2020-01-02").mode(0o755),
		}},
		{"set-user-id and its like", []string{"-rwsr-Sr-T 1 a b 5 Jan  2  2020 x"}, []Item{aFile("x", 5, "2020-01-02").mode(0o744)}},
		{"arrows", []string{
			"lrwxrwxrwx 1 a b 4 Jan  2  2020 l -> /etc", "lrwxrwxrwx 1 a b 1 Jan  2  2020 a -> b -> c", "lrwxrwxrwx 1 a b 6 Jan  2  2020 a -> b -> c",
			"lrwxrwxrwx 1 a b 9 Jan  2  2020 no target", "-rw-r--r-- 1 a b 9 Jan  2  2020 a -> b",
		}, []Item{
			aLink("l", "/etc", "2020-01-02").mode(0o777), aLink("a -> b", "c", "2020-01-02").mode(0o777), aLink("a", "b -> c", "2020-01-02").mode(0o777),
			aLink("no target", "", "2020-01-02").mode(0o777), aFile("a -> b", 9, "2020-01-02").mode(0o644),
		}},
		{"languages", []string{
			"-rw-r--r-- 1 a b 5 Mär  2  2020 de", "-rw-r--r-- 1 a b 5  2. Dez 15:04 de", "-rw-r--r-- 1 a b 5 2 févr. 2020 fr", "-rw-r--r-- 1 a b 5  2 июн  2020 ru",
			"-rw-r--r-- 1 a b 5  8月  2日  2020年 ja", "-rw-r--r-- 1 a b 5 12月  2 15:04 zh", "-rw-r--r-- 1 a b 5 Qwe  2 15:04 unknown", "-rw-r--r-- 1 a b 5 Qwe  2 15:04 9 Jan 2 2020 x",
		}, []Item{
			aFile("de", 5, "2020-03-02").mode(0o644), aFile("de", 5, "2025-12-02 15:04").mode(0o644), aFile("fr", 5, "2020-02-02").mode(0o644), aFile("ru", 5, "2020-06-02").mode(0o644),
			aFile("ja", 5, "2020-08-02").mode(0o644), aFile("zh", 5, "2025-12-02 15:04").mode(0o644), aFile("unknown", 5, "").mode(0o644), aFile("9 Jan 2 2020 x", 5, "").mode(0o644),
		}},
		{"styles of time", []string{
			"-rw-r--r-- 1 a b 5 2020-01-02 15:04 long-iso", "-rw-r--r-- 1 a b 5 2020-01-02 15:04:05.678901234 +0200 full-iso", "-rw-r--r-- 1 a b 5 12-02 15:04 iso",
		}, []Item{
			aFile("long-iso", 5, "2020-01-02 15:04").mode(0o644), aFile("full-iso", 5, "2020-01-02 13:04:05").mode(0o644).utc(), aFile("iso", 5, "2025-12-02 15:04").mode(0o644),
		}},
		{"names that look like more", []string{
			"-rw-r--r-- 1 a b 5 Jan  2  2020 7 Jan  3  2021 x", "-rw-r--r-- 1 a b 5 Jan  2  2020 \x1b[31m\xff", "-rw-r--r-- 1 a b 5 Jan  2  2020 ../up", "drwxr-xr-x 1 a b 5 Jan  2  2020 ...",
			"-rw-r--r-- 1 a b 9223372036854775807 Jan  2  2020 10-23-26  03:45PM  5 y",
		}, []Item{
			aFile("7 Jan  3  2021 x", 5, "2020-01-02").mode(0o644), aFile("\x1b[31m\xff", 5, "2020-01-02").mode(0o644), aFile("../up", 5, "2020-01-02").mode(0o644),
			aDir("...", "2020-01-02").mode(0o755), aFile("10-23-26  03:45PM  5 y", 1<<63-1, "2020-01-02").mode(0o644),
		}},
		{"NetPresenz of the Mac", []string{"-------r--         326  1391972  1392298 Nov 22  1995 MegaPhone.sit", "drwxrwxr-x               folder        2 May 10  1996 network"},
			[]Item{aFile("MegaPhone.sit", 1392298, "1995-11-22").mode(0o004), aDir("network", "1996-05-10").mode(0o775)}},
	})
}

func TestReadUnixRefuses(t *testing.T) {
	for _, line := range []string{
		"-rw-r--r-- 1 a b", "-rw-r--r-- 1 a b 5 Jan 1 2020", "-rw-r--r-- 1 a b 5 Jan 1 2020 ", "-rw-r--r-- 1 a b -5 Jan 1 2020 x", "-rw-r--r-- 1 a b +5 Jan 1 2020 x",
		"-rw-r--r-- 1 a b 99999999999999999999 Jan 1 2020 x", "-rw-r--r-- 1 a b 5 Jan 32 2020 x", "-rw-r--r-- 1 a b 5 Feb 30 10:00 x", "-rw-r--r-- 1 a b 5 Feb 29 2021 x",
		"-rw-r--r-- 1 a b 5 Jan 1 25:00 x", "-rw-r--r-- 1 a b 5 Jan 1 10:60 x", "-rw-r--r-- 1 a b 5 Jan 1 10:5 x", "-rw-r--r-- 1 a b 5 Jan 1 99999 x",
		"?rw-r--r-- 1 a b 5 Jan 1 2020 x", "-rw-r--r 1 a b 5 Jan 1 2020 x", "-rw-r--rz- 1 a b 5 Jan 1 2020 x", "-rw-r--r--++++ 1 a b 5 Jan 1 2020 x",
		"1 2 3 -rw-r--r-- 1 a b 5 Jan 1 2020 x", "lrwxrwxrwx 1 a b 4 Jan 1 2020  -> x", "total much", "totals 5", "total 5 x",
	} {
		if got := parse(line); len(got.Items) != 0 || got.Skipped != 1 || got.First != line {
			t.Errorf("%q: %+v", line, got)
		}
	}
}
