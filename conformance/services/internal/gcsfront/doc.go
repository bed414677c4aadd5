// Package gcsfront makes an emulator of Google Cloud Storage keep the
// preconditions of the real service.
//
// The emulator it was written for, fake-gcs-server, looks at preconditions of
// uploads alone and ignores those of reads, changes, deletes, copies and
// composition; a delete with the wrong generation deletes. A Front stands
// before it as a reverse proxy. It takes one lock for each object that a
// request changes or sets a condition on, asks the emulator for the state of
// the object, and refuses or passes on. So conditional requests to one object
// are atomic, as long as all of them come through the same Front.
//
// # What is kept
//
//   - ifGenerationMatch, ifGenerationNotMatch, ifMetagenerationMatch and
//     ifMetagenerationNotMatch, as parameters of the JSON API and as
//     x-goog-if-… headers of the XML API, 0 included; the same of the source of
//     a copy, and the generations and conditions of the sources of a
//     composition.
//   - 412 conditionNotMet where a condition does not hold; 304 where it is a
//     …NotMatch of a read; 404 for an object that is absent, whatever the
//     conditions, but for those of requests that create it.
//   - The conditions of a resumable upload when it starts and when its last
//     byte arrives. That last answer is given again to a client that lost it.
//   - Metagenerations count changes of metadata, in answers too.
//   - Object names that the real service refuses are refused: empty ones, those
//     of more than 1024 bytes, with a line break, and "." and "..".
//
// # What is not
//
// Batch requests are refused with 501, since conditions inside them would be
// passed by. ETags as conditions, the gRPC API and access control lists are
// left to the emulator.
//
// Bodies of uploads are held in memory until they are complete: a client that
// is slow or dies keeps no lock.
package gcsfront
