package ftpserver

import "testing"

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
		n, err := threadNice()
		if err != nil {
			t.Error(err)
		}
		b.leave()
		nice <- n
	}()
	lowered := <-nice
	mine, err := threadNice()
	if err != nil {
		t.Fatal(err)
	}
	if lowered != min(mine+bulkNice, maxNice) {
		t.Errorf("the bulk thread has nice %d, this one %d", lowered, mine)
	}
	if len(b) != 0 {
		t.Error("the place was not given back")
	}
}
