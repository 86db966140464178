package ftpserver

import (
	"syscall"
	"testing"
)

// A bulk transfer runs on a thread that stands back, and the thread ends with its
// goroutine: no other goroutine ever runs with the lowered priority.
func TestBulkThreads(t *testing.T) {
	b := make(bulkThreads, 1)
	nice := make(chan int)
	go func() { // not on the test's own goroutine, which would lose its thread
		if !b.enter() {
			t.Error("no place on an empty list")
		}
		if b.enter() {
			t.Error("two places of one")
		}
		// The system call gives 20 - nice (getpriority(2)).
		raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid())
		if err != nil {
			t.Error(err)
		}
		b.leave()
		nice <- 20 - raw
	}()
	lowered := <-nice
	raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid())
	if err != nil {
		t.Fatal(err)
	}
	if mine := 20 - raw; lowered != bulkNice || mine == bulkNice {
		t.Errorf("the bulk thread has nice %d, this one %d", lowered, mine)
	}
	if len(b) != 0 {
		t.Error("the place was not given back")
	}
}
