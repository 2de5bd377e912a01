import type { Member, Space } from "../../bridge";

/** Somebody to try things with. */
export function somebody(name: string, about: Partial<Member> = {}): Member {
	const device = `device of ${name}`;
	const since = "2026-05-03T10:00:00Z";
	return {
		device,
		name,
		role: "editor",
		you: false,
		connected: false,
		joined: since,
		verified: "no",
		devices: [{ device, label: "", thisOne: false, connected: false, since, newSinceVerified: false }],
		...about,
	};
}

/** A space to try things with. */
export function somewhere(about: Partial<Space> = {}): Space {
	const members = about.members ?? [somebody("Anna", { you: true, role: "facilitator" })];
	return {
		id: "space",
		name: "Mill Lane neighbours",
		role: members.find(({ you }) => you)?.role ?? "none",
		index: "index",
		members,
		archived: false,
		facilitators: members.filter(({ role }) => role === "facilitator").length,
		formers: [],
		requests: 0,
		quarantined: 0,
		newer: false,
		reach: "direct",
		...about,
	};
}
