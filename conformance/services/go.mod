module github.com/smarterbase/smarterbase/conformance/services

go 1.26.0

require (
	github.com/minio/minio-go/v7 v7.4.1
	github.com/smarterbase/smarterbase/conformance v0.1.0
	github.com/testcontainers/testcontainers-go v0.45.0
)

replace (
	github.com/smarterbase/smarterbase/conformance => ../../conformance
	github.com/smarterbase/smarterbase/ports => ../../ports
)
