module github.com/smarterbase/smarterbase/adapters/memory/memorywire

go 1.26.0

require (
	github.com/google/wire v0.7.0
	github.com/smarterbase/smarterbase/adapters/memory v0.1.0
	github.com/smarterbase/smarterbase/ports v0.1.0
)

replace (
	github.com/smarterbase/smarterbase/adapters/memory => ..
	github.com/smarterbase/smarterbase/conformance => ../../../conformance
	github.com/smarterbase/smarterbase/ports => ../../../ports
)
