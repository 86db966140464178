package cli

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// F-11: the server goes on when what has read its log dies, where programs commonly die with it.
func TestServeOutlivesLogReader(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the end of the server is asked for by a signal")
	}
	t.Parallel()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command("sealane", "serve", "--state", t.TempDir(), "--explicit", "127.0.0.1:0", "--implicit", "off", "--data-ports", "42000-42999", "--data-mode", "exclusive")
	server.Stderr = write
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Process.Kill()
	write.Close()
	addr := ""
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.HasPrefix(lines.Text(), "Ready."); {
		if m := regexp.MustCompile(`ftpes://(?:[^@]*@)?(\S+:\d+)`).FindStringSubmatch(lines.Text()); m != nil && addr == "" {
			addr = m[1]
		}
	}
	go io.Copy(io.Discard, out)
	read.Close() // it dies
	for range 3 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.WriteString(conn, "QUIT\r\n")
		told, readErr := io.ReadAll(conn)
		conn.Close()
		if err != nil || readErr != nil || !strings.Contains(string(told), "\n221 ") {
			t.Errorf("%q, %v, %v", told, err, readErr)
		}
	}
	if err := server.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
