package servers_test

import (
	"testing"

	"github.com/smarterbase/smarterbase/conformance/services"
)

func TestMain(m *testing.M) { services.Main(m) }
