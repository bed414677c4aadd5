module github.com/smarterbase/smarterbase/adapters/bolt

go 1.26.0

require (
	github.com/smarterbase/smarterbase/conformance v0.1.0
	github.com/smarterbase/smarterbase/ports v0.1.0
	go.etcd.io/bbolt v1.5.0
)

require golang.org/x/sys v0.45.0 // indirect

replace (
	github.com/smarterbase/smarterbase/conformance => ../../conformance
	github.com/smarterbase/smarterbase/ports => ../../ports
)
