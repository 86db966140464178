package ftpserver

import (
	"runtime"
	"syscall"
)

// bulkNice is how far a bulk thread stands back, on the scale of nice(2).
const bulkNice = 10

// lowerThread locks the goroutine to its thread and lowers that thread's
// priority: on Linux a nice value is of a thread (setpriority(2)).
func lowerThread() bool {
	runtime.LockOSThread()
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), bulkNice); err != nil {
		runtime.UnlockOSThread()
		return false
	}
	return true
}
