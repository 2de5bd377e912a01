package bundle

import "strings"

// age takes and gives keys as text only, in Bech32 (BIP 173).

const bech32Letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// bech32 writes data below a prefix, which is in one case, and so is the result.
func bech32(prefix string, data []byte) string {
	values := fives(data)
	sum := bech32Sum(strings.ToLower(prefix), values)
	var text strings.Builder
	text.WriteString(strings.ToLower(prefix) + "1")
	for _, value := range append(values, sum[:]...) {
		text.WriteByte(bech32Letters[value])
	}
	if prefix == strings.ToUpper(prefix) {
		return strings.ToUpper(text.String())
	}
	return text.String()
}

// fives cuts bytes into groups of five bits, the last filled up with zeros.
func fives(data []byte) (groups []byte) {
	rest, bits := uint(0), 0
	for _, b := range data {
		rest, bits = rest<<8|uint(b), bits+8
		for ; bits >= 5; bits -= 5 {
			groups = append(groups, byte(rest>>(bits-5)&31))
		}
	}
	if bits > 0 {
		groups = append(groups, byte(rest<<(5-bits)&31))
	}
	return groups
}

func bech32Sum(prefix string, values []byte) (sum [6]byte) {
	var all []byte
	for _, letter := range []byte(prefix) {
		all = append(all, letter>>5)
	}
	all = append(all, 0)
	for _, letter := range []byte(prefix) {
		all = append(all, letter&31)
	}
	all = append(append(all, values...), make([]byte, len(sum))...)
	check := uint32(1)
	for _, value := range all {
		top := check >> 25
		check = check&0x1ffffff<<5 ^ uint32(value)
		for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				check ^= g
			}
		}
	}
	check ^= 1
	for i := range sum {
		sum[i] = byte(check >> (5 * (5 - i)) & 31)
	}
	return sum
}
