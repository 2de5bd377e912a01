import { useState } from "react";
import type { Reach, Space } from "../../bridge";
import { formatList, useLocale, useTranslation } from "../../i18n";
import { ChoiceList } from "../../ui/Field";
import { notify } from "../../ui/Toasts";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { isolated } from "../people/personWords";
import { looksAfter } from "../rights";
import { useSession } from "../session";
import setting from "../space/space.module.css";
import { BootstrapForm } from "./BootstrapForm";
import styles from "./network.module.css";

const ways: readonly Reach[] = ["direct", "local", "wide"];

/** How far the devices of a space look for one another, and who keeps it. */
export function ReachSetting({ space }: { space: Space }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { bridge, notices, refresh } = useSession();
	const [problem, setProblem] = useState<string>();
	const keepers = space.members.filter(({ role }) => role === "keeper").map(({ name }) => isolated(name));
	const change = async (reach: Reach) => {
		setProblem(undefined);
		try {
			await bridge.api.SetReach(space.id, reach);
			notify(notices, { kind: "good", text: t(`reach.changed.${reach}`) });
		} catch (reason) {
			setProblem(errorWords(reason, t));
		}
		refresh();
	};
	return (
		<section aria-labelledby="reach" className={setting.setting}>
			<h2 id="reach">{t("reach.title")}</h2>
			{looksAfter(space) ? (
				<ChoiceList
					label={t("reach.label")}
					options={ways.map((value) => ({
						value,
						label: t(`reach.${value}`),
						description: t(`reach.${value}Hint`),
					}))}
					value={space.reach}
					onChange={change}
				/>
			) : (
				<p>{t(`reach.${space.reach}Hint`)}</p>
			)}
			{space.reach === "wide" && <BootstrapForm />}
			{problem && <Problem>{problem}</Problem>}
			<p className={styles.keepers}>
				{keepers.length > 0
					? t("reach.keepers", { count: keepers.length, names: formatList(keepers, locale) })
					: t("reach.noKeepers")}
			</p>
		</section>
	);
}
