module github.com/smarterbase/smarterbase/examples

go 1.26.0

require (
	github.com/smarterbase/smarterbase/conformance v0.1.0
	github.com/smarterbase/smarterbase/core v0.1.0
	github.com/smarterbase/smarterbase/ports v0.1.0
	github.com/smarterbase/smarterbase/simple v0.1.0
)

require (
	github.com/smarterbase/smarterbase/adapters/bolt v0.1.0 // indirect
	github.com/smarterbase/smarterbase/adapters/fs v0.1.0 // indirect
	github.com/smarterbase/smarterbase/adapters/memory v0.1.0 // indirect
	go.etcd.io/bbolt v1.5.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace (
	github.com/smarterbase/smarterbase/adapters/bolt => ../adapters/bolt
	github.com/smarterbase/smarterbase/adapters/fs => ../adapters/fs
	github.com/smarterbase/smarterbase/adapters/memory => ../adapters/memory
	github.com/smarterbase/smarterbase/conformance => ../conformance
	github.com/smarterbase/smarterbase/core => ../core
	github.com/smarterbase/smarterbase/ports => ../ports
	github.com/smarterbase/smarterbase/simple => ../simple
)
