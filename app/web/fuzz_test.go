package web

import (
	"encoding/json"
	"reflect"
	"testing"

	"parley/app"
)

// FuzzCall reads what a page sends as far as it can be read without a window.
func FuzzCall(f *testing.F) {
	f.Add([]byte(`{"id":1,"method":"Hello","params":[]}`))
	f.Add([]byte(`{"id":2,"method":"Commit","params":["","","body",["AAEC"]]}`))
	f.Add([]byte(`{"id":3,"method":"SetPerson","params":[{"name":"Ada","official":true}]}`))
	f.Add([]byte(`{"id":4,"method":"Pull","params":["","","body",-1]}`))
	f.Add([]byte(`{"id":5,"method":"Invite","params":["","editor",1e999,48]}`))
	f.Add([]byte(`{"token":"x"}`))
	table := tabulate(reflect.TypeFor[*app.Window]())
	f.Fuzz(func(t *testing.T, raw []byte) {
		var asked request
		if decodeStrict(raw, &asked) != nil {
			return
		}
		c, known := table[asked.Method]
		if !known {
			return
		}
		params, err := c.decode(asked.Params)
		if err != nil {
			return
		}
		// What was accepted can be called: it has the types of the method.
		for i, param := range params {
			if param.Type() != c.params[i] {
				t.Errorf("parameter %d of %s is a %v", i+1, asked.Method, param.Type())
			}
			if _, err := json.Marshal(param.Interface()); err != nil {
				t.Error(err)
			}
		}
	})
}
