// Package services gives tests the real servers that adapters talk to: two
// that speak S3, an emulator of Google Cloud Storage, Redis and Redis Cluster,
// and a proxy that does to connections what networks do.
//
//	func TestMain(m *testing.M) { services.Main(m) }
//
//	func TestAgainstS3(t *testing.T) {
//		server := services.S3(t)
//		bucket := server.NewBucket(t)
//		// server.Endpoint, AccessKey, SecretKey, Region
//	}
//
// S3, MinIO, GCS, Redis and RedisCluster each start a server once for all
// tests of the process; a test makes room for itself by a bucket or a prefix of
// keys of its own. FreshS3, FreshMinIO, FreshRedis and FreshRedisCluster start
// one for a single test, which may kill, stop, pause and restart it, and flush
// and configure it as it likes. Servers listen on the loopback interface, on
// ports below those that systems give to clients, and keep their port over a
// restart. Everything ends with the test process: Main sees to it, and if the
// process is killed the kernel (on Linux) or the next test process does.
//
// # Where a server comes from
//
// Each is looked for in this order. SB_SERVICES, a comma-separated list of env,
// docker and binary, restricts it.
//
//   - env: an endpoint in the environment, such as SB_S3_ENDPOINT. One that is
//     set and does not answer ends the search. Private servers are never taken
//     from there.
//   - docker: a container, where an engine answers and has the image, from
//     BuildImages or a registry, or gets it within 30 seconds.
//   - binary: a process. The program comes from the tool cache of the
//     repository, and is built if it is missing; that of Redis is looked for on
//     PATH.
//
// A failure that took more than a second to find out is remembered for ten
// minutes in the user's cache folder, so that many test processes in a row do
// not wait for the same.
//
// # What could not be run
//
// A test whose server is not to be had is skipped, with a message that begins
// "service not available: ", or fails if SB_REQUIRE_SERVICES is "all" or names
// the service: s3, minio, gcs, redis, redis-cluster. `make test` lists at its
// end what was missing.
//
// # Faults
//
// Proxy stands before any of them. It delays, slows down, cuts after a number
// of bytes in either direction, resets, swallows, loses answers and refuses
// connections, at a moment that the test chooses.
package services
