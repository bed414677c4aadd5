module github.com/smarterbase/smarterbase/adapters/fs/fswire

go 1.26.0

require (
	github.com/google/wire v0.7.0
	github.com/smarterbase/smarterbase/adapters/fs v0.1.0
	github.com/smarterbase/smarterbase/ports v0.1.0
)

require golang.org/x/sys v0.49.0 // indirect

replace (
	github.com/smarterbase/smarterbase/adapters/fs => ..
	github.com/smarterbase/smarterbase/conformance => ../../../conformance
	github.com/smarterbase/smarterbase/ports => ../../../ports
)
