package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"parley/app"
)

// Calls are what a page may ask for, of whatever answers it: a table of the
// exported methods for each type that may.
type Calls map[reflect.Type]map[string]call

// WindowCalls are those of a device's windows, locked and open.
func WindowCalls() Calls {
	return callsOf(reflect.TypeFor[*app.Window](), reflect.TypeFor[*app.Lock]())
}

func callsOf(targets ...reflect.Type) Calls {
	c := make(Calls, len(targets))
	for _, target := range targets {
		c[target] = tabulate(target)
	}
	return c
}

// Call calls a method of target with parameters as JSON.
func (c Calls) Call(target any, method string, params []json.RawMessage) (any, error) {
	run, err := c.prepare(target, method, params)
	if err != nil {
		return nil, err
	}
	return run()
}

// prepare finds the method and reads the parameters.
func (c Calls) prepare(target any, method string, params []json.RawMessage) (run func() (any, error), err error) {
	found, known := c[reflect.TypeOf(target)][method]
	if !known {
		if lock, locked := target.(*app.Lock); locked {
			_, err := lock.Hello() // says what is needed first
			return nil, err
		}
		return nil, app.NewError(codeUnknownMethod,
			fmt.Sprintf("This Parley has no operation %q. Reload the page.", method), nil)
	}
	values, err := found.decode(params)
	if err != nil {
		return nil, app.NewError(app.CodeInvalid,
			"This window and Parley do not understand each other. Reload the page.", err)
	}
	return func() (any, error) { return found.run(target, values) }, nil
}

// codeUnknownMethod answers a call that no window has.
const codeUnknownMethod app.Code = "unknown-method"

// call is one thing that a window may be asked: an exported method with the
// types of its parameters.
type call struct {
	method reflect.Method
	params []reflect.Type
}

// tabulate lists the exported methods of target by name.
func tabulate(target reflect.Type) map[string]call {
	table := make(map[string]call, target.NumMethod())
	for i := range target.NumMethod() {
		method := target.Method(i)
		c := call{method: method}
		for i := 1; i < method.Type.NumIn(); i++ { // 0 is the receiver
			c.params = append(c.params, method.Type.In(i))
		}
		table[method.Name] = c
	}
	return table
}

// decode reads the parameters of a call: exactly as many as the method has,
// of exactly its types, without fields it does not know.
func (c call) decode(params []json.RawMessage) ([]reflect.Value, error) {
	if len(params) != len(c.params) {
		return nil, fmt.Errorf("%s takes %d parameters, not %d", c.method.Name, len(c.params), len(params))
	}
	values := make([]reflect.Value, len(params))
	for i, raw := range params {
		if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
			return nil, fmt.Errorf("parameter %d of %s is null", i+1, c.method.Name)
		}
		value := reflect.New(c.params[i])
		if err := decodeStrict(raw, value.Interface()); err != nil {
			return nil, fmt.Errorf("parameter %d of %s: %w", i+1, c.method.Name, err)
		}
		values[i] = value.Elem()
	}
	return values, nil
}

// run calls the method on a window. A panic in it becomes an error: one bad
// call must not take the peer from everybody else.
func (c call) run(window any, params []reflect.Value) (result any, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%s: panic: %v", c.method.Name, fault)
		}
	}()
	for _, value := range c.method.Func.Call(slices.Insert(params, 0, reflect.ValueOf(window))) {
		if value.Type() == errorType {
			err, _ = value.Interface().(error)
		} else {
			result = value.Interface()
		}
	}
	return result, err
}

var errorType = reflect.TypeFor[error]()

// decodeStrict reads one JSON value and nothing after it, and refuses fields
// that the target does not have.
func decodeStrict(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}
