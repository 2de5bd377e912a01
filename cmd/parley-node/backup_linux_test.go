package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A backup and a restored device that do not fit on their disk leave nothing
// there, and say so.
func TestABackupThatDoesNotFit(t *testing.T) { onItsOwnDisk(t, backsUpOntoAFullDisk) }

func backsUpOntoAFullDisk(t *testing.T, disk string) {
	dir := t.TempDir()
	data, saved := filepath.Join(dir, "data"), filepath.Join(dir, "saved")
	id := ask(t, data, "space", "create", "Park")["space"].(string)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, noise(20<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	ask(t, data, "file", "add", id, file)
	ask(t, data, "backup", saved)

	if err := os.WriteFile(filepath.Join(disk, "other"), make([]byte, 50<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := try(data, "backup", filepath.Join(disk, "saved"))
	expect(t, err, "not enough room for the backup", "Nothing was left there")
	_, err = try(filepath.Join(disk, "restored"), "restore", saved)
	expect(t, err, "not enough room on the disk to restore", "Nothing was left there")
	entries, err := os.ReadDir(disk)
	if err != nil || len(entries) != 1 {
		t.Errorf("left on the disk are %v (%v)", entries, err)
	}

	if err := os.Remove(filepath.Join(disk, "other")); err != nil {
		t.Fatal(err)
	}
	ask(t, data, "backup", filepath.Join(disk, "saved"))
	ask(t, filepath.Join(disk, "restored"), "restore", saved)
}
