package crdt_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"parley/crdt/materialize"
)

// The test binary is also the child that materialises documents, and the
// writer that is killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == materialize.Argument {
		materialize.Main()
		return
	}
	if dir := os.Getenv(writerEnv); dir != "" {
		writeUntilKilled(dir)
		return
	}
	if dir := os.Getenv(putterEnv); dir != "" {
		putUntilKilled(dir)
		return
	}
	if dir := os.Getenv(takerEnv); dir != "" {
		takeUntilKilled(dir)
		return
	}
	if dir := os.Getenv(mutatorEnv); dir != "" {
		mutateUntilDone(dir)
		return
	}
	if before, err := strconv.Atoi(os.Getenv(stepsEnv)); err == nil {
		if err := stepByStep(os.Args[1], before); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if before, err := strconv.Atoi(os.Getenv(judgeEnv)); err == nil {
		if err := judgeStepByStep(os.Args[1], before); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}
