package s3

// Facts are what servers that speak the protocol differ in. The probe at open
// finds them out; Store.Facts tells them, so that a later open can be given
// them with SkipProbe.
type Facts struct {
	// ConditionalDelete: a delete under another version is refused. False on
	// MinIO and R2, which delete.
	ConditionalDelete bool

	// MissingDelete: a delete under a version is refused, too, where there is
	// no object. False where the answer is "done": then a conditional delete
	// costs one more request, and two processes that delete the same version at
	// the same instant may both be told that they did.
	MissingDelete bool

	// ConditionalUpload: conditions hold for uploads in parts. False: PutStream
	// refuses a condition on more bytes than PartSize.
	ConditionalUpload bool

	// Nesting says what becomes of "a/b" beside "a".
	Nesting Nesting
}

// Nesting says what a server does about an object whose key is the folder of
// another object's key.
type Nesting uint8

const (
	// NestingHidden means that both are stored, and one of them is missing in lists
	// (MinIO). The store looks before it writes such keys.
	NestingHidden Nesting = iota
	// NestingRefused means that the server refuses the second one (file-backed servers).
	NestingRefused
	// NestingFull means that both are stored and listed (Amazon S3).
	NestingFull
)

// AmazonFacts are the facts of Amazon S3, except that MissingDelete is left
// false: that is right whichever way it answers.
var AmazonFacts = Facts{ConditionalDelete: true, ConditionalUpload: true, Nesting: NestingFull}
