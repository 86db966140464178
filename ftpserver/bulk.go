package ftpserver

// A download under TLS is AES from end to end, and a few of them keep all
// processors busy. Go's scheduler then looks at the network only every 10 ms, and
// every NOOP, login and small file waits for that: p50 5 ms against 0.1 ms for
// servers that have a process per session (docs/design/0001-bulk-threads.md).
const (
	// bulkAfter is how many bytes a transfer moves before it counts as bulk: small
	// files never pay for a thread.
	bulkAfter = 8 << 20
	// maxBulk bounds the threads. Transfers beyond it run as all goroutines do.
	maxBulk = 64
)

// bulkThreads is the places for transfers that run on a thread of their own.
type bulkThreads chan struct{}

func newBulkThreads() bulkThreads { return make(bulkThreads, maxBulk) }

// enter puts the calling goroutine onto a thread of its own, of lower priority,
// if there is a place and the system can do that, and reports whether it did.
// The goroutine must call leave, do no more work, and end soon: its thread ends
// with it, since a lowered priority cannot be raised again.
func (b bulkThreads) enter() bool {
	select {
	case b <- struct{}{}:
	default:
		return false
	}
	if !lowerThread() {
		<-b
		return false
	}
	return true
}

func (b bulkThreads) leave() { <-b }
