import { ParleyError, toParleyError } from "../bridge";
import type { TFunction } from "../i18n";
import { inEnglish } from "../ui/Told";

/**
 * The words for the codes of failures: those of Go's package app, and those of the window itself. Some name a kind of
 * failure only; their words have room for the sentence, in English, that says which it was.
 */
const keys = {
	malformed: "error.malformed",
	expired: "error.expired",
	"used-up": "error.usedUp",
	withdrawn: "error.withdrawn",
	waiting: "error.waiting",
	declined: "error.declined",
	"not-invited": "error.notInvited",
	"already-member": "error.alreadyMember",
	unreachable: "error.unreachable",
	"not-found": "error.notFound",
	"not-here": "error.notHere",
	invalid: "error.invalid",
	ambiguous: "error.ambiguous",
	"not-allowed": "error.notAllowed",
	"not-counted": "space.notCounted",
	"not-open": "error.notOpen",
	"out-of-order": "error.outOfOrder",
	unreadable: "error.unreadable",
	unrelated: "error.unrelated",
	"too-large": "error.tooLarge",
	unwritable: "error.unwritable",
	"in-use": "error.inUse",
	newer: "error.newer",
	"damaged-key": "error.damagedKey",
	"missing-key": "error.missingKey",
	locked: "error.locked",
	"wrong-passphrase": "lock.wrong",
	keyring: "lock.keyring",
	"no-keyring": "protect.noKeyring",
	unconfirmed: "error.unconfirmed",
	"no-member": "error.noMember",
	"still-member": "error.stillMember",
	archived: "error.archived",
	shelved: "error.shelved",
	"no-facilitator": "error.noFacilitator",
	"has-facilitator": "error.hasFacilitator",
	succeeded: "error.succeeded",
	"no-effect": "error.noEffect",
	changed: "error.changed",
	words: "error.words",
	"other-words": "error.otherWords",
	alone: "error.alone",
	"no-bundle": "carry.noBundle",
	"newer-file": "carry.newerFile",
	"not-for-us": "carry.notForUs",
	"broken-file": "carry.brokenFile",
	"forged-file": "carry.forgedFile",
	"other-space": "carry.otherSpace",
	offline: "error.offline",
	timeout: "error.timeout",
	stopped: "error.stopped",
	closed: "error.closed",
	internal: "error.internal",
	disconnected: "error.disconnected",
	"not-now": "error.notNow",
} as const;

/** The sentence of a failure: what happened, what to do. Show it by Told. */
export function errorWords(reason: unknown, t: TFunction): string {
	const { code, message } = reason instanceof ParleyError ? reason : toParleyError(reason);
	const detail = inEnglish(message);
	return hasWords(code) ? t(keys[code], { detail }) : t("error.other", { detail });
}

/** Whether the catalogues have words for a code. */
export function hasWords(code: string): code is keyof typeof keys {
	return Object.hasOwn(keys, code);
}
