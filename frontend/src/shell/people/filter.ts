import type { Member, Role } from "../../bridge";
import { roles } from "../rights";

/** What somebody looks for among the members. */
export interface Wanted {
	text: string;
	role: Role | "all";
}

/** Text as it is compared: without accents and capital letters, so that "jose" finds José. */
export function fold(text: string): string {
	return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

/** The members who have every word in their name or organisation, and the role. */
export function findMembers(members: readonly Member[], { text, role }: Wanted): Member[] {
	const words = fold(text).split(/\s+/u).filter(Boolean);
	return members.filter((member) => {
		if (role !== "all" && member.role !== role) return false;
		const where = fold(`${member.name} ${member.organisation ?? ""}`);
		return words.every((word) => where.includes(word));
	});
}

/** Members of one role, by name. */
export interface RoleGroup {
	role: Role;
	members: Member[];
}

/** Who may do most comes first; within a role by name, you before everybody. */
export function byRole(members: readonly Member[], locale: string): RoleGroup[] {
	const order = new Intl.Collator(locale, { sensitivity: "base", numeric: true });
	return roles
		.map((role) => ({
			role,
			members: members
				.filter((member) => member.role === role)
				.sort((a, b) => Number(b.you) - Number(a.you) || order.compare(a.name, b.name)),
		}))
		.filter((group) => group.members.length > 0);
}

/** The first `most` of all groups together. */
export function firstOf(groups: readonly RoleGroup[], most: number): RoleGroup[] {
	let left = most;
	return groups.flatMap(({ role, members }) => {
		const shown = members.slice(0, Math.max(left, 0));
		left -= shown.length;
		return shown.length > 0 ? [{ role, members: shown }] : [];
	});
}

/** Whom one can reach now before the others; else as they stand. */
export function nearestFirst(members: readonly Member[]): Member[] {
	const distance = ({ you, connected }: Member) => (you ? 0 : connected ? 1 : 2);
	return [...members].sort((a, b) => distance(a) - distance(b));
}
