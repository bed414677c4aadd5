module github.com/smarterbase/smarterbase/adapters/fs

go 1.26.0

require (
	github.com/smarterbase/smarterbase/conformance v0.1.0
	github.com/smarterbase/smarterbase/ports v0.1.0
	golang.org/x/sys v0.49.0
)

replace (
	github.com/smarterbase/smarterbase/conformance => ../../conformance
	github.com/smarterbase/smarterbase/ports => ../../ports
)
