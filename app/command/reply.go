package command

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"reflect"

	"parley/app"
)

// Result is one thing a command answers: an object for scripts, and its words
// for people.
type Result interface {
	// Plain is exactly what is printed for a person, newlines included.
	Plain() string
}

// Reply is where a running command says what it has to say.
type Reply interface {
	// Result tells one result. An error means that nobody listens any more.
	Result(Result) error
	// Note tells a person how things are going. Scripts do not see it.
	Note(sentence string)
}

// each tells one result for each of what is listed.
func each[T any](reply Reply, listed []T, row func(T) Result) error {
	for _, one := range listed {
		if err := reply.Result(row(one)); err != nil {
			return err
		}
	}
	return nil
}

// terminal is where a command was typed.
type terminal struct {
	out, err io.Writer
	json     bool
	files    fs.FS // the built frontend, for commands that serve it
	secrets  *passphrases

	take func(part []byte) error // what the command's file takes; nil without one
}

// Result prints a result as it was asked for.
func (t terminal) Result(result Result) error {
	raw, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	return t.print(raw, result.Plain())
}

func (t terminal) print(object json.RawMessage, plain string) error {
	if t.json {
		plain = string(object) + "\n"
	}
	if _, err := io.WriteString(t.out, plain); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return nil
}

// Note prints a sentence on standard error.
func (t terminal) Note(sentence string) {
	if !t.json {
		fmt.Fprintln(t.err, sentence)
	}
}

// fail prints an error and gives the exit code.
func (t terminal) fail(err error) int {
	told := app.Explain(err)
	if t.json {
		raw, encodeErr := json.Marshal(struct {
			Error *app.Error `json:"error"`
		}{told})
		if encodeErr == nil {
			fmt.Fprintf(t.err, "%s\n", raw)
			return 1
		}
	}
	fmt.Fprintln(t.err, "parley-node: "+told.Message)
	return 1
}

func newOf(kind reflect.Type) any { return reflect.New(kind).Interface() }
