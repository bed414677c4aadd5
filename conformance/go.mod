module github.com/smarterbase/smarterbase/conformance

go 1.26.0

require github.com/smarterbase/smarterbase/ports v0.1.0

replace github.com/smarterbase/smarterbase/ports => ../ports
