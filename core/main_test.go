package core_test

import (
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
)

func TestMain(m *testing.M) { conformance.Main(m) }
