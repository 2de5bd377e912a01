package p2p

// The messages of blobs, after an enterRoom. Between them stand frames of kind
// blobData, whose bodies are bytes of a blob as they are: nothing is encoded, nor
// copied.

const blobData byte = 4

type askBlob struct {
	Blob   [32]byte `cbor:"1,keyasint"`
	Offset uint64   `cbor:"2,keyasint"`
}

func (*askBlob) kind() byte   { return 2 }
func (*askBlob) check() error { return nil }

type blobFound struct {
	Size  uint64 `cbor:"1,keyasint"`
	Media string `cbor:"2,keyasint"`
}

func (*blobFound) kind() byte { return 3 }
func (m *blobFound) check() error {
	if len(m.Media) > maxMedia {
		return errLength
	}
	return nil
}

type blobAbsent struct{}

func (*blobAbsent) kind() byte   { return 5 }
func (*blobAbsent) check() error { return nil }

type listBlobs struct {
	Digest [32]byte `cbor:"1,keyasint"`
}

func (*listBlobs) kind() byte   { return 6 }
func (*listBlobs) check() error { return nil }

type blobNames struct {
	Names [][32]byte `cbor:"1,keyasint"`
	Last  bool       `cbor:"2,keyasint"`
}

func (*blobNames) kind() byte { return 7 }
func (m *blobNames) check() error {
	if len(m.Names) > namesPage {
		return errCount
	}
	return nil
}
