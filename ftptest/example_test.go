package ftptest_test

import (
	"bytes"
	"fmt"
	"os/exec"

	"github.com/sealane/sealane/ftptest"
)

func Example() {
	srv := ftptest.NewServer(map[string]string{"/hello.txt": "Hello"}, nil)
	defer srv.Close()

	// Hand srv.Addr to whatever is under test; srv.Pool trusts the server.
	cmd := exec.Command("your-ftps-job", "--host", srv.Addr)
	fmt.Println(bytes.Contains([]byte(cmd.String()), []byte("127.0.0.1")))
	// Output: true
}
