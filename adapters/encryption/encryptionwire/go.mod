module github.com/smarterbase/smarterbase/adapters/encryption/encryptionwire

go 1.26.0

require (
	github.com/google/wire v0.7.0
	github.com/smarterbase/smarterbase/adapters/encryption v0.1.0
	github.com/smarterbase/smarterbase/adapters/memory v0.1.0
	github.com/smarterbase/smarterbase/ports v0.1.0
)

require (
	github.com/tink-crypto/tink-go/v2 v2.9.0 // indirect
	golang.org/x/crypto v0.53.0 // indirect
	golang.org/x/sys v0.46.0 // indirect
	google.golang.org/protobuf v1.36.11 // indirect
)

replace (
	github.com/smarterbase/smarterbase/adapters/encryption => ..
	github.com/smarterbase/smarterbase/adapters/memory => ../../memory
	github.com/smarterbase/smarterbase/conformance => ../../../conformance
	github.com/smarterbase/smarterbase/ports => ../../../ports
)
