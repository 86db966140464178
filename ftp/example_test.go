package ftp_test

import (
	"fmt"
	"time"

	"github.com/sealane/sealane/ftp"
)

func Example() {
	u, err := ftp.ParseURL("ftpes://alice:secret@files.example/reports/may.csv")
	fmt.Println(u.Address(), u.Path, err)
	fmt.Println(u) // never with its password

	r := ftp.Replyf(ftp.Code213FileStatus, "%s", ftp.FormatTime(time.Unix(0, 0)))
	fmt.Println(r, r.Code.Class() == ftp.Completion)
	// Output:
	// files.example:21 /reports/may.csv <nil>
	// ftpes://alice@files.example:21/reports/may.csv
	// 213 19700101000000 true
}
