module github.com/smarterbase/smarterbase/simple

go 1.26.0

require github.com/smarterbase/smarterbase/ports v0.1.0
require github.com/smarterbase/smarterbase/core v0.1.0
require github.com/smarterbase/smarterbase/adapters/memory v0.1.0
require github.com/smarterbase/smarterbase/adapters/fs v0.1.0
require github.com/smarterbase/smarterbase/adapters/bolt v0.1.0
require github.com/smarterbase/smarterbase/conformance v0.1.0

replace github.com/smarterbase/smarterbase/ports => ../ports
replace github.com/smarterbase/smarterbase/core => ../core
replace github.com/smarterbase/smarterbase/adapters/memory => ../adapters/memory
replace github.com/smarterbase/smarterbase/adapters/fs => ../adapters/fs
replace github.com/smarterbase/smarterbase/adapters/bolt => ../adapters/bolt
replace github.com/smarterbase/smarterbase/conformance => ../conformance
