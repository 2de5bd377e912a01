import { useState } from "react";
import type { Member, Space } from "../../bridge";
import { type TFunction, useTranslation } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import { memberOf } from "../members";
import { type DialogProps, useSession } from "../session";
import { LeaveStep } from "./LeaveStep";
import { PersonOverview } from "./PersonOverview";
import { RemoveStep } from "./RemoveStep";
import { RoleStep } from "./RoleStep";

/** What is being done about a person, and what was before, so that the focus returns there. */
export type PersonStep = "overview" | "role" | "remove" | "leave";

export interface PersonStepProps {
	space: Space;
	member: Member;
	go: (step: PersonStep) => void;
}

/** One person of the space: all that there is to know of them, and to do. `subject` is any of their devices. */
export function PersonDialog({ subject = "", onClose }: DialogProps) {
	const { t } = useTranslation();
	const { space } = useSession();
	const [steps, setSteps] = useState<{ now: PersonStep; before: PersonStep }>({
		now: "overview",
		before: "overview",
	});
	if (space === undefined) return null;
	const member = memberOf(space, subject);
	const go = (step: PersonStep) => setSteps({ now: step, before: steps.now });
	return (
		<Dialog title={titleOf(member, t)} closeLabel={t("app.close")} onClose={onClose} wide>
			{member === undefined ? (
				<p>{t("person.gone")}</p>
			) : (
				<Step step={steps.now} before={steps.before} props={{ space, member, go }} onClose={onClose} />
			)}
		</Dialog>
	);
}

function titleOf(member: Member | undefined, t: TFunction): string {
	if (member === undefined) return t("people.title");
	return member.you ? t("people.you", { name: member.name }) : member.name;
}

interface StepProps {
	step: PersonStep;
	before: PersonStep;
	props: PersonStepProps;
	onClose: () => void;
}

function Step({ step, before, props, onClose }: StepProps) {
	switch (step) {
		case "role":
			return <RoleStep {...props} />;
		case "remove":
			return <RemoveStep {...props} onDone={onClose} />;
		case "leave":
			return <LeaveStep space={props.space} onCancel={() => props.go("overview")} onDone={onClose} />;
		case "overview":
			return <PersonOverview {...props} cameFrom={before} />;
	}
}
