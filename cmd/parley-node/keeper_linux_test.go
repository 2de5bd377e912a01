package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unitProgram is where the unit expects the program.
const unitProgram = "/usr/local/bin/parley-node"

// The unit's command line is one that the program takes, and systemd takes the
// unit, where there is one to ask.
func TestTheKeepersUnit(t *testing.T) {
	unit, err := os.ReadFile(filepath.Join("..", "..", "build", "keeper", "parley-keeper.service"))
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^ExecStart=` + unitProgram + ` (.*)$`).FindSubmatch(unit)
	if line == nil {
		t.Fatalf("the unit does not start %s", unitProgram)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// This test is a program of its own; the scripts' is the same one by its name.
	node := filepath.Join(t.TempDir(), "parley-node")
	if err := os.Symlink(program, node); err != nil {
		t.Fatal(err)
	}
	nowhere := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(nowhere, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// What it says about a directory that cannot be one, it says after it has
	// understood everything else.
	arguments := strings.Fields(strings.Replace(string(line[1]), "%S/parley-keeper", nowhere, 1))
	out, err := exec.Command(node, arguments...).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(string(out), "cannot write to its data directory") {
		t.Errorf("%v says %v:\n%s", arguments, err, out)
	}

	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("systemd is not here to ask about the unit")
		return
	}
	asked := filepath.Join(t.TempDir(), "parley-keeper.service")
	if err := os.WriteFile(asked, []byte(strings.ReplaceAll(string(unit), unitProgram, program)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(verify, "verify", "--man=no", asked).CombinedOutput(); err != nil || strings.Contains(string(out), "parley-keeper.service:") {
		t.Errorf("systemd says %v:\n%s", err, out)
	}
}
