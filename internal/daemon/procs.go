package daemon

import (
	"os"
	"runtime"
	"sync"
)

// raiseProcs lets twice as many threads run Go code as there are processors, once
// per process, unless the environment says otherwise. Bulk transfers then never
// hold all of them, and one is left to notice at once that a control connection
// has something to say (docs/design/0001-bulk-threads.md).
var raiseProcs = sync.OnceFunc(func() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0))
	}
})
