module github.com/smarterbase/smarterbase/adapters/redis/rediswire

go 1.26.0

require (
	github.com/google/wire v0.7.0
	github.com/smarterbase/smarterbase/adapters/redis v0.1.0
	github.com/smarterbase/smarterbase/ports v0.1.0
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/redis/go-redis/v9 v9.23.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
)

replace (
	github.com/smarterbase/smarterbase/adapters/redis => ..
	github.com/smarterbase/smarterbase/conformance => ../../../conformance
	github.com/smarterbase/smarterbase/ports => ../../../ports
)
