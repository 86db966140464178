package daemon

import (
	"context"
	"log/slog"
	"time"

	"github.com/sealane/sealane/ftpserver"
)

// countsInterval is how often the log tells how the data ports are used, if there is
// anything new to tell.
const countsInterval = time.Hour

// logCounts tells the counts of the data ports at intervals, and once more when ctx
// ends. read must be safe to call for as long.
func logCounts(ctx context.Context, log *slog.Logger, read func() ftpserver.DataPortCounts) {
	ticks := time.NewTicker(countsInterval)
	defer ticks.Stop()
	var told ftpserver.DataPortCounts
	tell := func() {
		now := read()
		if now == told {
			return
		}
		told = now
		log.Info("data ports since the start", "waits", now.Waits, "waited", now.Waited, "longest", now.LongestWait,
			"waits_over_1s", now.WaitBuckets[3]+now.WaitBuckets[4],
			"fallbacks", now.Fallbacks, "refused", now.Refused, "lapses", now.Lapses,
			"strangers", now.Strangers, "headless", now.Headless, "failed", now.Failed, "dropped", now.Dropped,
			"unproven", now.Unproven, "rivals", now.Rivals)
	}
	for {
		select {
		case <-ticks.C:
			tell()
		case <-ctx.Done():
			tell()
			return
		}
	}
}
