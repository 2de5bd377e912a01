import { ParleyError, toParleyError } from "../bridge";
import type { TFunction } from "../i18n";

/** The sentence of a failure: what happened, what to do. Codes that no catalogue knows keep Go's own sentence. */
export function errorWords(reason: unknown, t: TFunction): string {
	const error = reason instanceof ParleyError ? reason : toParleyError(reason);
	switch (error.code) {
		case "malformed":
			return t("error.malformed");
		case "expired":
			return t("error.expired");
		case "used-up":
			return t("error.usedUp");
		case "withdrawn":
			return t("error.withdrawn");
		case "unreachable":
			return t("error.unreachable");
		case "already-member":
			return t("error.alreadyMember");
		case "not-invited":
			return t("error.notInvited");
		case "not-allowed":
			return t("error.notAllowed");
		case "other-words":
			return t("error.otherWords");
		case "alone":
			return t("error.alone");
		case "archived":
			return t("error.archived");
		case "no-member":
			return t("error.noMember");
		case "changed":
			return t("error.changed");
		case "no-facilitator":
			return t("error.noFacilitator");
		case "has-facilitator":
			return t("error.hasFacilitator");
		case "succeeded":
			return t("error.succeeded");
		case "no-effect":
			return t("error.noEffect");
		case "no-bundle":
			return t("carry.noBundle");
		case "newer-file":
			return t("carry.newerFile");
		case "not-for-us":
			return t("carry.notForUs");
		case "broken-file":
			return t("carry.brokenFile");
		case "forged-file":
			return t("carry.forgedFile");
		case "other-space":
			return t("carry.otherSpace");
		case "offline":
			return t("error.offline");
		case "not-counted":
			return t("space.notCounted");
		case "not-here":
			return t("error.notHere");
		case "unwritable":
			return t("error.unwritable");
		case "wrong-passphrase":
			return t("lock.wrong");
		case "keyring":
			return t("lock.keyring");
		case "no-keyring":
			return t("protect.noKeyring");
		case "waiting":
			return t("error.waiting");
		case "declined":
			return t("error.declined");
		case "disconnected":
			return t("error.disconnected");
		case "unknown":
			return t("error.other", { message: error.message });
		default:
			return error.message;
	}
}
