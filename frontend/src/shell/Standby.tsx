import { RotateCcw } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "../i18n";
import { Button } from "../ui/Button";
import { Mark } from "../ui/Drawing";
import styles from "./Standby.module.css";
import { usePageTitle } from "./usePageTitle";

/** While the first answer is awaited. */
export function Opening({ lost }: { lost: boolean }) {
	const { t } = useTranslation();
	usePageTitle(t("app.name"));
	return (
		<main className={styles.page} aria-busy={!lost}>
			<Mark size="3rem" />
			<p role="status" className={styles.waiting}>
				{lost ? t("connection.lost") : t("app.opening")}
			</p>
		</main>
	);
}

/** The Go side does not accept this window's link. */
export function Refused() {
	const { t } = useTranslation();
	return <Problem title={t("connection.refusedTitle")}>{t("connection.refused")}</Problem>;
}

export function StartProblem({ message, retry }: { message: string; retry: () => void }) {
	const { t } = useTranslation();
	return (
		<Problem
			title={t("connection.problemTitle")}
			action={
				<Button look="primary" icon={RotateCcw} onPress={retry}>
					{t("app.retry")}
				</Button>
			}
		>
			{message}
		</Problem>
	);
}

function Problem({ title, action, children }: { title: string; action?: ReactNode; children: ReactNode }) {
	usePageTitle(title);
	return (
		<main className={styles.page}>
			<div className={styles.card} role="alert">
				<Mark size="2.5rem" />
				<div>
					<h1 className={styles.title}>{title}</h1>
					<p className={styles.intro}>{children}</p>
				</div>
				{action}
			</div>
		</main>
	);
}
