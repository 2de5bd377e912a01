package crdt

// FormatVersion is formatVersion, for tests.
const FormatVersion = formatVersion
