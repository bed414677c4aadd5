package main

import (
	_ "github.com/smarterbase/smarterbase/adapters/redis" // ?index=redis://
	_ "github.com/smarterbase/smarterbase/adapters/s3"    // -url s3://
)
