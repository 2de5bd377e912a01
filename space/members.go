package space

// Name is the space's name.
func (l *Log) Name() string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.state.name
}

// Members returns everyone who belongs to the space, in the log's order of
// joining.
func (l *Log) Members() []Member {
	l.mu.RLock()
	defer l.mu.RUnlock()
	members := make([]Member, len(l.state.members))
	for i, m := range l.state.members {
		members[i] = m.Member
	}
	return members
}

// Member returns what is known of a device, and whether it belongs to the
// space.
func (l *Log) Member(device DeviceID) (Member, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	m, ok := l.state.devices[device]
	if !ok {
		return Member{}, false
	}
	return m.Member, true
}

// MayWrite reports whether a device may write parts of this kind.
func (l *Log) MayWrite(device DeviceID, part Part) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	m, ok := l.state.devices[device]
	return ok && !l.state.archived && MayWrite(m.Role, part)
}

// Actor finds the device that actor IDs with this prefix belong to, among all
// who are or ever were members.
func (l *Log) Actor(prefix [16]byte) (DeviceID, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	device, ok := l.state.actors[prefix]
	return device, ok
}

// Invitations returns all invitations, spent ones too, in the log's order.
func (l *Log) Invitations() []Invitation {
	l.mu.RLock()
	defer l.mu.RUnlock()
	invitations := make([]Invitation, len(l.state.invitations))
	for i, made := range l.state.invitations {
		invitations[i] = made.Invitation
	}
	return invitations
}

// Invitation returns the invitation of that key, and whether there is one.
func (l *Log) Invitation(key InvitationKey) (Invitation, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	made, ok := l.state.keys[key]
	if !ok {
		return Invitation{}, false
	}
	return made.Invitation, true
}
