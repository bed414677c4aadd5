module github.com/smarterbase/smarterbase/adapters/bolt/boltwire

go 1.26.0

require (
	github.com/google/wire v0.7.0
	github.com/smarterbase/smarterbase/adapters/bolt v0.1.0
	github.com/smarterbase/smarterbase/ports v0.1.0
)

require (
	go.etcd.io/bbolt v1.5.0 // indirect
	golang.org/x/sys v0.45.0 // indirect
)

replace (
	github.com/smarterbase/smarterbase/adapters/bolt => ..
	github.com/smarterbase/smarterbase/conformance => ../../../conformance
	github.com/smarterbase/smarterbase/ports => ../../../ports
)
