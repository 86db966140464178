package config

// presets gives the defaults of settings that have one, as TOML would decode them. That they
// make what Default gives is tested.
func presets() map[string]any {
	return map[string]any{
		"data.ports": "2991-2998", "data.mode": ModeShared, "data.resumption": ResumptionAuto,
		"data.active": false, "data.compression": false,
		"tls.insecure_plaintext": false, "tls.strict_sni": false, "tls.client_cert": ClientCertOff,
		"uploads.durability": DurabilityFull, "uploads.keep": "24h",
		"verbs.owner_names": false,
		"limits.sessions":   int64(10_000), "limits.sessions_per_address": int64(1_000),
		"limits.idle": "10m", "limits.login": "1m", "limits.stall": "1m", "limits.grace": "30s",
		"guard.failures": int64(10), "guard.network_failures": int64(50), "guard.window": "10m", "guard.delay_max": "5s",
		"guard.ban": "10m", "guard.ban_max": "24h", "guard.trust": "720h",
		"guard.handshakes": int64(1000), "guard.handshakes_per_address": int64(200), "guard.hashes_waiting": int64(1024),
		"log.format": FormatText,
		"trail.file": true, "trail.required": false, "trail.max_size": "64 MiB", "trail.max_age": "24h", "trail.keep": int64(400),
		"trail.sync": TrailSyncCheckpoint, "trail.checkpoint": int64(1000), "trail.journald": false, "trail.hash": false,
	}
}
