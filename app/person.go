package app

import (
	"context"
	"os/user"
	"strings"

	"parley/space"
)

// Person is who this device belongs to, or nil while nobody has said.
func (a *App) Person() *Person { return a.settings.get().Person }

// PersonOrUser is Person, or the user whom the system knows, for commands that
// should need no set-up.
func (a *App) PersonOrUser() Person {
	if person := a.Person(); person != nil {
		return *person
	}
	name := "Someone"
	if account, err := user.Current(); err == nil {
		full, _, _ := strings.Cut(account.Name, ",") // the rest is an office and telephone numbers
		for _, candidate := range []string{full, account.Username} {
			if space.ValidateName(candidate) == nil {
				name = candidate
				break
			}
		}
	}
	return Person{Name: name}
}

// EnsurePerson says PersonOrUser where nobody has said yet.
func (a *App) EnsurePerson(ctx context.Context) error {
	if a.Person() != nil {
		return nil
	}
	return a.SetPerson(ctx, a.PersonOrUser())
}

// SetPerson says who this device belongs to, here and in every space it is a
// member of.
func (a *App) SetPerson(ctx context.Context, p Person) error {
	p.Name, p.Organisation = strings.TrimSpace(p.Name), strings.TrimSpace(p.Organisation)
	person := p.toSpace()
	if err := person.Validate(); err != nil {
		return wrapError(CodeInvalid, "A name needs 1 to 80 characters, on one line.", err)
	}
	if err := a.settings.change(func(s *settings) { s.Person, s.Unsaid = &p, true }); err != nil {
		return err
	}
	err := a.introduce(ctx, person)
	a.news.ring(topic{event: EventSpaces})
	return err
}

// introduce writes the person into the logs of spaces that know another, and
// notes that nothing is left to be said. It may be repeated.
func (a *App) introduce(ctx context.Context, person space.Person) error {
	for _, id := range a.store.Spaces() {
		log, ok := a.store.Log(id)
		if !ok {
			continue
		}
		if member, ok := log.Member(a.Device()); !ok || member.Person == person {
			continue
		}
		entry, err := log.SetPerson(a.key, person, now())
		if err != nil {
			return err
		}
		if err := a.addEntry(ctx, id, entry); err != nil {
			return err
		}
	}
	return a.settings.change(func(s *settings) {
		if s.Person != nil && s.Person.toSpace() == person {
			s.Unsaid = false
		}
	})
}

// recallPerson takes the person from a space that knows this device, where the
// settings that said it are lost.
func (a *App) recallPerson() error {
	for _, log := range a.logs() {
		if member, ok := log.Member(a.Device()); ok {
			person := personFrom(member.Person)
			return a.settings.change(func(s *settings) { s.Person = &person })
		}
	}
	return nil
}

func (p Person) toSpace() space.Person {
	person := space.Person{Name: p.Name, Organisation: p.Organisation}
	if p.Official {
		person.Standing = space.Official
	}
	return person
}

func personFrom(p space.Person) Person {
	return Person{Name: p.Name, Organisation: p.Organisation, Official: p.Standing == space.Official}
}

// mySelf is the person that this device writes into a space's log.
func (a *App) mySelf() (space.Person, error) {
	person := a.Person()
	if person == nil {
		return space.Person{}, newError(CodeInvalid, "Say your name first, so that the others know who you are.")
	}
	return person.toSpace(), nil
}
