package p2p

import "math/rand/v2"

// randomText is the same text for the same length, and does not compress much.
func randomText(n int) []byte {
	source := rand.New(rand.NewPCG(1, uint64(n)))
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	text := make([]byte, n)
	for i := range text {
		text[i] = letters[source.IntN(len(letters))]
	}
	return text
}
