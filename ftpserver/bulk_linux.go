package ftpserver

import (
	"runtime"
	"syscall"
)

// bulkNice is how far a bulk thread stands back behind the others of the process, on
// the scale of nice(2), which ends at maxNice.
const bulkNice, maxNice = 10, 19

// lowerThread locks the goroutine to its thread and lowers that thread's
// priority: on Linux a nice value is of a thread (setpriority(2)).
func lowerThread() bool {
	runtime.LockOSThread()
	now, err := threadNice()
	if err == nil {
		err = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), min(now+bulkNice, maxNice))
	}
	if err != nil {
		runtime.UnlockOSThread()
		return false
	}
	return true
}

// threadNice is the nice value of the thread; the system call gives 20 less it.
func threadNice() (int, error) {
	raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid())
	return 20 - raw, err
}
