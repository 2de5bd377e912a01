import { useCallback } from "react";
import { useTranslation } from "../i18n";
import { notify } from "../ui/Toasts";
import { errorWords } from "./errorWords";
import { useSession } from "./session";

/** Makes a document in the present space and goes there; its title waits to be typed over. */
export function useCreateDocument(): () => Promise<void> {
	const { t } = useTranslation();
	const { bridge, space, go, notices } = useSession();
	return useCallback(async () => {
		if (space === undefined) return;
		try {
			const document = await bridge.api.CreateDocument(space.id, "text", t("document.untitled"));
			go({ space: space.id, document, fresh: true });
		} catch (reason) {
			notify(notices, { kind: "problem", text: errorWords(reason, t) });
		}
	}, [bridge, space, go, notices, t]);
}
