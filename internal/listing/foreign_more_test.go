package listing

import (
	"io/fs"
	"testing"
)

func TestReadDOS(t *testing.T) {
	checkGolden(t, "dos", []golden{
		{"IIS", []string{
			"10-23-26  03:45PM       <DIR>          aspnet_client", "10-23-26  12:05AM       <DIR>            two spaces", "01-31-2020  12:05PM                 1234 a b",
			"01-31-99  12:05PM           8589934592  leading", "01-31-20  12:05PM                    0 trailing ",
		}, []Item{
			aDir("aspnet_client", "2026-10-23 15:45"), aDir("  two spaces", "2026-10-23 00:05"), aFile("a b", 1234, "2020-01-31 12:05"),
			aFile(" leading", 8589934592, "1999-01-31 12:05"), aFile("trailing ", 0, "2020-01-31 12:05"),
		}},
		{"with 24 hours", []string{"10-23-2026  15:45       <DIR>          d", "2026-10-23  15:45  7 iso", "23.10.2026  15:45  1,234,567 dots"},
			[]Item{aDir("d", "2026-10-23 15:45"), aFile("iso", 7, "2026-10-23 15:45"), aFile("dots", 1234567, "2026-10-23 15:45")}},
		{"dir of cmd.exe", []string{
			"10/23/2026  03:45 PM    <DIR>          .", "10/23/2026  03:45 PM    <DIR>          ..", "10/23/2026  03:45 PM    <DIR>          d", "10/23/2026  03:45 pm             1,234 f",
			`10/23/2026  03:45 PM    <SYMLINKD>     link [C:\a [b]]`, "10/23/2026  03:45 PM    <JUNCTION>     plain",
		}, []Item{aDir("d", "2026-10-23 15:45"), aFile("f", 1234, "2026-10-23 15:45"), aLink("link", `C:\a [b]`, "2026-10-23 15:45"), aLink("plain", "", "2026-10-23 15:45")}},
	})
	refuse(t, "01-31-20 12:05PM -1 x", "01-31-20 12:05PM much x", "13-31-20 12:05PM 1 x", "01-31-20 12:05PM 12", "01-31-20 25:05 1 x", "01-31-20 12:05PM       <DIR>          ",
		" 01-31-20 12:05PM 1 x", "01-31-20 12:05PM <LINK> x", "01-31-20 12:05PM 12 ")
}

func refuse(t *testing.T, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if got := parse(line); len(got.Items) != 0 || got.Skipped != 1 {
			t.Errorf("%q: %+v", line, got)
		}
	}
}

func TestReadEPLF(t *testing.T) {
	checkGolden(t, "eplf", []golden{{"publicfile", []string{
		"+i8388621.48594,m825718503,r,s280,\tdjb.html", "+i8388621.50690,m824255907,/,\t514", "+i8388621.48598,m824253270,r,s612,\t514.html", "+m0,up644,r,s8589934592,\t a\tb ",
		"+/,r,up755\tboth", "+s5\tneither", "+r,Xnew,\tfuture", "+\tnothing known",
	}, []Item{
		aFile("djb.html", 280, "1996-03-01 22:15:03").utc().unique("8388621.48594"), aDir("514", "1996-02-13 23:58:27").utc().unique("8388621.50690"),
		aFile("514.html", 612, "1996-02-13 23:14:30").utc().unique("8388621.48598"), aFile(" a\tb ", 8589934592, "1970-01-01 00:00:00").utc().mode(0o644),
		aDir("both", "").mode(0o755), aSpecial("neither", ""), aFile("future", -1, ""), aSpecial("nothing known", ""),
	}}})
	refuse(t, "+r,s5,", "+r,s5,\t", "+r,s-5,\tx", "+r,s99999999999999999999,\tx", "+m-1,r\tx", "+m253402300800,r\tx", "+mx,r\tx", "r,s5\tx")
}

func TestReadNetWare(t *testing.T) {
	checkGolden(t, "netware", []golden{{"NetWare 4 to 6", []string{
		"total 0", "d [R----F--] supervisor            512       Jan 16 18:53    login", "- [R----F--] rhesus             214059       Oct 20 15:27    cx.exe",
		"- [RWCEAFMS] NFAUUser              192 Apr 27  2021 a b  ", "d[RWCEAFMS] .admin.org 512 Apr 27  2021 close",
	}, []Item{aDir("login", "2026-01-16 18:53"), aFile("cx.exe", 214059, "2026-10-20 15:27"), aFile("a b  ", 192, "2021-04-27"), aDir("close", "2021-04-27")}}})
	refuse(t, "x [R----F--] a 5 Jan 16 18:53 x", "- [] a 5 Jan 16 18:53 x", "- [R a 5 Jan 16 18:53 x", "- [RX] a 5 Jan 16 18:53 x", "- [R----F--] a 5 Jan 16 18:53   ", "- [R----F--] a Jan 16 18:53 x", "- [", "- [RWCEAFMSR] a 5 Jan 16 18:53 x")
}

func TestReadOS400(t *testing.T) {
	checkGolden(t, "os400", []golden{{"IBM i", []string{
		"QSYS            77824 02/23/26 15:09:55 *DIR       QOpenSys/", "QSECOFR         16384 02/23/2026 15:09:55 *STMF      a b.txt", "PEP                                     *MEM       FOO.FILE/BAR.MBR",
		"QDFTOWN        123456 23.02.26 15.09.55 *FILE      SAVE.FILE", "QDFTOWN             8 23/02/26 15:09:55 *STMF      unclear", "QSYS             4096 2026-02-23 15:09:55 *LIB       LIB.LIB",
	}, []Item{
		aDir("QOpenSys", "2026-02-23 15:09:55"), aFile("a b.txt", 16384, "2026-02-23 15:09:55"), aFile("FOO.FILE/BAR.MBR", -1, ""),
		aFile("SAVE.FILE", 123456, "2026-02-23 15:09:55"), aFile("unclear", 8, ""), aDir("LIB.LIB", "2026-02-23 15:09:55"),
	}}})
	refuse(t, "QSYS much 02/23/26 15:09:55 *DIR x", "QSYS 5 02/23/26 *DIR x", "QSYS 5 today 15:09:55 *DIR x", "QSYS 5 02/23/26 15:09:55 *DIR", "QSYS 5 02/23/26 15:09:55 *DIR /", "QSYS 5 02/23/26 15:09:55 *dir x")
}

func TestReadVMS(t *testing.T) {
	checkGolden(t, "vms", []golden{
		{"OpenVMS", []string{
			"", "Directory DISK$USER:[ANONYMOUS]", "", "00README.TXT;1      2 30-DEC-2025 17:44 [SYSTEM] (RWED,RWED,RE,RE)", "CORE.DIR;1          1  8-SEP-2025 16:09 [SYSTEM] (RWE,RWE,RE,RE)",
			"A_LONG_NAME_OF_A_FILE_THAT_FILLS_A_LINE.TEXT;1", "                  213/216  29-JAN-2026 03:33:12  [ANONYMOU,ANONYMOUS]   (RWED,RWED,,)",
			"TWICE.TXT;12   1/4  12-OCT-2026 15:44:25.10  [A,B]  (RWED)", "TWICE.TXT;11   1/4  12-OCT-2025", "NOEXT.;3 0/0 1-Oct-2026 00:00", "", "Total of 6 files, 217/232 blocks", "",
		}, []Item{
			aFile("00README.TXT", -1, "2025-12-30 17:44"), aDir("CORE", "2025-09-08 16:09"), aFile("A_LONG_NAME_OF_A_FILE_THAT_FILLS_A_LINE.TEXT", -1, "2026-01-29 03:33:12"),
			aFile("TWICE.TXT", -1, "2026-10-12 15:44:25"), aFile("TWICE.TXT;11", -1, "2025-10-12"), aFile("NOEXT.", -1, "2026-10-01 00:00"),
		}},
		{"MultiNet", []string{"[VMSSERV.FILES]ALARM.DIR;1 1/3 5-MAR-2025 18:09", "SECRET.TXT;1  insufficient privilege or object protection violation", "Grand total of 1 directory, 2 files."},
			[]Item{aDir("ALARM", "2025-03-05 18:09"), aFile("SECRET.TXT", -1, "")}},
	})
	refuse(t, "A.TXT 1 2-OCT-2026 15:44", "A;1 1 2-OCT-2026 15:44", "A.TXT;x 1 2-OCT-2026 15:44", "A.TXT;99999 1 2-OCT-2026", "A.TXT;1 x 2-OCT-2026", "A.TXT;1 1 2-XXX-2026", "A.TXT;1 1/x 2-OCT-2026", "A.TXT;1 1", ".DIR;1 1 2-OCT-2026 15:44")
}

func TestReadMVS(t *testing.T) {
	const heading = "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname"
	checkGolden(t, "mvs", []golden{{"z/OS", []string{
		heading, "WYOSPT 3420   2026/05/21  1  200  FB      80  8053  PS  48-MVS.FILE", "WPTA01 3290   2004/03/04  1    3  FB      80  3125  PO  HLQ.SRC", "WPTA01 3290   **NONE**    1   15  VB     256 27998  PO-E 'SYS1.LIB'",
		"Migrated                                                OLD.FILE", "Pseudo Directory                                        HLQ", "TSO004 3390   VSAM CLUSTER", "V43525 Tape                                             T.FILE",
		"ARCIVE Not Direct Access Device                         KJ.IOP998", "USER01 3390   2024/01/09  1 +++++ U        0 32760  DA  BIG",
		"                         GENERATION DATA GROUP                   GDG.BASE"[25:], "Error determining attributes                            ODD.FILE",
	}, []Item{
		aFile("48-MVS.FILE", -1, ""), aDir("HLQ.SRC", ""), aDir("'SYS1.LIB'", ""), aFile("OLD.FILE", -1, ""), aDir("HLQ", ""), aSpecial("CLUSTER", ""), aFile("T.FILE", -1, ""),
		aFile("KJ.IOP998", -1, ""), aFile("BIG", -1, ""), aSpecial("GDG.BASE", ""), aSpecial("ODD.FILE", ""),
	}}})
	for _, line := range []string{"WYOSPT 3420 2026/05/21 1 200 FB 80 8053 XX A", "WYOSPT 3420 today 1 200 FB 80 8053 PS A", "what is this", "A", "a b c d e f g h i j PS x"} {
		if got := parse(heading, line); len(got.Items) != 0 || got.Skipped != 1 {
			t.Errorf("%q: %+v", line, got)
		}
	}
	refuse(t, "WYOSPT 3420   2026/05/21  1  200  FB      80  8053  PS  NO.HEADING")
}

func TestReadMembers(t *testing.T) {
	const heading = " Name     VV.MM   Created       Changed      Size  Init   Mod   Id"
	load := aFile("LOADMEM", 0x58, "")
	checkGolden(t, "members", []golden{
		{"z/OS", []string{heading, "TESTMEM   01.03 2026/06/26 2026/07/11 09:16    33    33     0 USER01", " $#@9     01.00 2026/06/26 2026/07/11 09:16:17  1     1     0 USER01", "NOSTATS"},
			[]Item{aFile("TESTMEM", -1, "2026-07-11 09:16"), aFile("$#@9", -1, "2026-07-11 09:16:17"), aFile("NOSTATS", -1, "")}},
		{"load library", []string{" Name      Size     TTR   Alias-of AC--------- Attributes --------- Amode Rmode", "LOADMEM   000058   000009          00 FO             RN RU            31    ANY"}, []Item{load}},
	})
	for _, line := range []string{"lower", "NINECHARS", "9MEM", "MEM 01.03 x y z 1 2 3 U", "MEM 01.03 2026/06/26 2026/07/11 09:16", "MEM XYZ 000009 00", "../A"} {
		if got := parse(heading, line); len(got.Items) != 0 || got.Skipped != 1 {
			t.Errorf("%q: %+v", line, got)
		}
	}
	refuse(t, "NOSTATS")
}

// Our own listing can be read by who knows only LIST.
func TestReadsItsOwn(t *testing.T) {
	wanted := []Item{aFile(file.Name, file.Size, "2026-11-21 11:00").mode(file.Mode), aDir("d", "2024-11-21").mode(fs.FileMode(0o755))}
	got := parse(string(AppendList(nil, file, now)), string(AppendList(nil, dir, now)))
	for i, want := range wanted {
		if len(got.Items) != 2 || got.Items[i] != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
