import type { Role } from "../bridge";
import { useTranslation } from "../i18n";
import { Picker } from "../ui/Field";
import { roles } from "./rights";

/** As what somebody comes in: each role with what it means. */
export function RolePicker({ role, onChange }: { role: Role; onChange: (role: Role) => void }) {
	const { t } = useTranslation();
	return (
		<Picker
			label={t("invite.role")}
			options={roles.map((value) => ({
				value,
				label: t(`role.${value}`),
				description: t(`roleHint.${value}`),
			}))}
			value={role}
			onChange={onChange}
		/>
	);
}
