import { Check, X } from "lucide-react";
import { useRef, useState } from "react";
import type { Request, Space } from "../../bridge";
import { useLocale, useTranslation } from "../../i18n";
import { Button, join } from "../../ui/Button";
import { notify } from "../../ui/Toasts";
import { Told } from "../../ui/Told";
import { errorWords } from "../errorWords";
import { trigger, useLive } from "../live";
import page from "../Page.module.css";
import { useSession } from "../session";
import styles from "./people.module.css";
import { isolated, requestWords, standingWords } from "./personWords";

/** Those who came with an invitation that asks first; a facilitator lets them in or not. */
export function RequestList({ space }: { space: Space }) {
	const { t } = useTranslation();
	const { bridge, notices } = useSession();
	const section = useRef<HTMLElement>(null);
	const [answering, setAnswering] = useState<string>();
	const { value, error, refresh } = useLive(
		bridge,
		`requests ${space.id}`,
		() => bridge.api.Requests(space.id),
		[trigger("spaces")],
	);
	const answer = async (request: Request, accept: boolean) => {
		if (answering !== undefined) return;
		setAnswering(request.id);
		const name = isolated(request.name);
		try {
			await bridge.api.AnswerRequest(space.id, request.id, accept);
			notify(notices, {
				kind: "good",
				text: accept ? t("requests.accepted", { name }) : t("requests.declined", { name }),
			});
			// The row goes: whoever works by keyboard goes on with the next one, or with the page.
			const next = value !== undefined && value.length > 1 ? section.current : null;
			(next ?? document.querySelector<HTMLElement>("main h1"))?.focus();
		} catch (reason) {
			notify(notices, { kind: "problem", text: errorWords(reason, t) });
		}
		setAnswering(undefined);
		refresh();
	};
	if (error)
		return (
			<p className={page.quiet}>
				<Told text={errorWords(error, t)} />
			</p>
		);
	if (value === undefined || value.length === 0) return null;
	return (
		<section
			ref={section}
			tabIndex={-1}
			aria-labelledby="requests"
			className={`${page.sheet} ${styles.requests}`}
		>
			<h2 id="requests">{t("requests.title", { count: value.length })}</h2>
			<p className={styles.note}>{t("requests.hint")}</p>
			<ul className={styles.plain}>
				{value.map((request) => (
					<RequestRow
						key={request.id}
						request={request}
						busy={answering === request.id}
						answer={(accept) => answer(request, accept)}
					/>
				))}
			</ul>
		</section>
	);
}

interface RequestRowProps {
	request: Request;
	busy: boolean;
	answer: (accept: boolean) => void;
}

function RequestRow({ request, busy, answer }: RequestRowProps) {
	const { t } = useTranslation();
	const locale = useLocale();
	const name = isolated(request.name);
	return (
		<li className={join(styles.line, styles.request)}>
			<div className={styles.text}>
				<bdi className={styles.name}>{request.name}</bdi>
				{request.official ? (
					<span className={styles.standing}>
						<span className={styles.official}>{standingWords(request, t)}</span>
						<span className={styles.unconfirmed}>{t("people.notConfirmed")}</span>
					</span>
				) : (
					request.organisation && <bdi className={styles.note}>{request.organisation}</bdi>
				)}
				<span className={styles.note}>{requestWords(request, t, locale)}</span>
			</div>
			<div className={styles.answers}>
				<Button
					look="primary"
					icon={Check}
					isPending={busy}
					aria-label={t("requests.acceptOf", { name })}
					onPress={() => answer(true)}
				>
					{t("requests.accept")}
				</Button>
				<Button
					icon={X}
					isPending={busy}
					aria-label={t("requests.declineOf", { name })}
					onPress={() => answer(false)}
				>
					{t("requests.decline")}
				</Button>
			</div>
		</li>
	);
}
