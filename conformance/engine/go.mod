module github.com/smarterbase/smarterbase/conformance/engine

go 1.26.0

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/smarterbase/smarterbase/adapters/bolt v0.1.0
	github.com/smarterbase/smarterbase/adapters/fs v0.1.0
	github.com/smarterbase/smarterbase/adapters/memory v0.1.0
	github.com/smarterbase/smarterbase/conformance v0.1.0
	github.com/smarterbase/smarterbase/core v0.1.0
	github.com/smarterbase/smarterbase/ports v0.1.0
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
)

require (
	go.etcd.io/bbolt v1.5.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace (
	github.com/smarterbase/smarterbase/adapters/bolt => ../../adapters/bolt
	github.com/smarterbase/smarterbase/adapters/fs => ../../adapters/fs
	github.com/smarterbase/smarterbase/adapters/memory => ../../adapters/memory
	github.com/smarterbase/smarterbase/conformance => ..
	github.com/smarterbase/smarterbase/core => ../../core
	github.com/smarterbase/smarterbase/ports => ../../ports
)
