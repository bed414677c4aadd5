// Command streamer sends a long stream through encryption to an S3 server and
// reads it back, and prints how much memory that took. The tests build it
// without the race detector, which multiplies memory.
//
//	streamer -endpoint http://127.0.0.1:9000 -bucket b -mib 256
//
// The keys of the server are those of the environment.
package main
