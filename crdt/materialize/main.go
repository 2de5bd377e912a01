package materialize

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
)

// Main is the child: it answers requests on standard input until that ends,
// which it also does when the parent dies. It never returns.
func Main() {
	if err := limit(); err != nil {
		fmt.Fprintln(os.Stderr, "limit memory:", err)
		os.Exit(1)
	}
	requests := make(chan request)
	go func() {
		// Reading goes on while a request is at work, so that the end of the
		// parent ends the work too.
		in := bufio.NewReaderSize(os.Stdin, 1<<16)
		for {
			var q request
			err := readFrame(in, &q)
			if errors.Is(err, io.EOF) {
				os.Exit(0)
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			requests <- q
		}
	}()
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	say := func(r reply) {
		err := writeFrame(out, r)
		if err == nil {
			err = out.Flush()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	open := make(table)
	for q := range requests {
		serve(q, open, say)
		if q.Operation != opAdd {
			// The core's memory is freed by finalizers that do not see it grow.
			debug.FreeOSMemory()
		}
	}
}

func serve(q request, open table, say func(reply)) {
	announce := func(int) {}
	if q.Careful {
		announce = func(at int) { say(reply{Note: true, At: at}) }
	}
	r, err := open.answer(q, announce)
	if err != nil {
		r = reply{Failure: failureOf(err)}
	}
	say(r)
}

func limit() error {
	bytes, err := strconv.ParseInt(os.Getenv(memoryVariable), 10, 64)
	if err != nil || bytes <= 0 {
		return errors.New("the limit was not given")
	}
	// Go collects garbage early, and rather than take more than a third: what
	// it has once taken counts for good, and most is for the core.
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(bytes / 3)
	return limitMemory(bytes)
}
