module github.com/smarterbase/smarterbase/conformance/simulation

go 1.26.0

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/smarterbase/smarterbase/adapters/memory v0.1.0
	github.com/smarterbase/smarterbase/core v0.1.0
	github.com/smarterbase/smarterbase/ports v0.1.0
)

replace (
	github.com/smarterbase/smarterbase/adapters/memory => ../../adapters/memory
	github.com/smarterbase/smarterbase/conformance => ..
	github.com/smarterbase/smarterbase/core => ../../core
	github.com/smarterbase/smarterbase/ports => ../../ports
)
