import { CircleCheck, RefreshCw } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import type { LinkCode, MyDevice } from "../../bridge";
import { formatTime, useKeyNames, useLocale, useTranslation } from "../../i18n";
import { useAnnounce } from "../../ui/announcer";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { keyLabel } from "../../ui/keys";
import { notify } from "../../ui/Toasts";
import shared from "../dialogs/dialogs.module.css";
import { Problem, Progress } from "../dialogs/Feedback";
import { QrPicture } from "../dialogs/QrPicture";
import { errorWords } from "../errorWords";
import { trigger, useLive } from "../live";
import { useSession } from "../session";
import styles from "./devices.module.css";
import { deviceName } from "./names";
import { StepIntro } from "./StepIntro";
import { WordList } from "./WordList";

/** Shows what links one more device, until one is linked. The code ends when this goes. */
export function LinkDevice({ back }: { back: () => void }) {
	const { t } = useTranslation();
	const { bridge } = useSession();
	const [code, setCode] = useState<LinkCode>();
	const [problem, setProblem] = useState<string>();
	const linked = useNewDevice();
	const make = useCallback(async () => {
		setProblem(undefined);
		try {
			setCode(await bridge.api.LinkDevice());
		} catch (reason) {
			setProblem(errorWords(reason, t));
		}
	}, [bridge, t]);
	// The code is the Go side's, and lives as long as this is on the screen.
	useEffect(() => {
		void make();
		return () => {
			bridge.api.CancelLink().catch(() => undefined); // It ends by itself.
		};
	}, [bridge, make]);
	if (linked) return <Linked device={linked} back={back} />;
	return (
		<>
			<StepIntro>{t("devices.linkIntro")}</StepIntro>
			{problem && <Problem>{problem}</Problem>}
			{code && <ShownCode code={code} again={make} />}
			<DialogActions>
				<Button onPress={back}>{t("devices.back")}</Button>
			</DialogActions>
		</>
	);
}

/** The device that came while this is on the screen, or has got spaces that it lacked. */
function useNewDevice(): MyDevice | undefined {
	const { bridge } = useSession();
	const before = useRef<ReadonlyMap<string, number>>(undefined);
	const { value: devices } = useLive(bridge, "devices", () => bridge.api.Devices(), [trigger("spaces")]);
	if (devices === undefined) return undefined;
	before.current ??= new Map(devices.map(({ device, missing }) => [device, missing.length]));
	return devices.find(({ device, missing }) => missing.length < (before.current?.get(device) ?? Infinity));
}

function ShownCode({ code, again }: { code: LinkCode; again: () => void }) {
	const { t } = useTranslation();
	const { notices } = useSession();
	const locale = useLocale();
	const keys = useKeyNames();
	const ended = useEnded(code.expires);
	if (ended) {
		return (
			<>
				<p role="status">{t("devices.linkEnded")}</p>
				<div className={shared.buttons}>
					<Button icon={RefreshCw} look="primary" onPress={again}>
						{t("devices.linkAgain")}
					</Button>
				</div>
			</>
		);
	}
	return (
		<>
			<div className={shared.code}>
				<div className={shared.codeText}>
					<div className={shared.codeField}>
						<TextField label={t("devices.linkCode")} lines={4} value={code.code} isReadOnly selected />
					</div>
					<CopyButton
						look="primary"
						text={code.code}
						label={t("invite.copyCode")}
						doneLabel={t("app.copied")}
						spoken={t("devices.linkCopied")}
						onFailed={() =>
							notify(notices, {
								kind: "problem",
								text: t("app.copyFailed", { keys: keyLabel("Mod-c", keys) }),
							})
						}
					/>
				</div>
				<figure>
					{/* Upper case, so that the picture stays coarse enough for any camera. */}
					<QrPicture text={`PARLEY:${code.code}`} label={t("devices.linkQr")} />
				</figure>
				<div className={styles.typed}>
					<h3 id="link-words">{t("devices.linkWords")}</h3>
					<WordList words={code.words} labelledBy="link-words" />
				</div>
			</div>
			<p className={shared.note}>{t("devices.linkEnds", { time: formatTime(code.expires, locale) })}</p>
			<Progress title={t("devices.linkWaiting")} />
		</>
	);
}

/** Whether a time is over; it changes when it is. */
function useEnded(iso: string): boolean {
	const [ended, setEnded] = useState(() => Date.parse(iso) <= Date.now());
	useEffect(() => {
		setEnded(Date.parse(iso) <= Date.now());
		const timer = setTimeout(() => setEnded(true), Math.max(0, Date.parse(iso) - Date.now()));
		return () => clearTimeout(timer);
	}, [iso]);
	return ended;
}

function Linked({ device, back }: { device: MyDevice; back: () => void }) {
	const { t } = useTranslation();
	const announce = useAnnounce();
	const words = t("devices.linkDone", { device: deviceName(device, t) });
	// Whoever looks at the other device hears it from this one.
	useEffect(() => announce(words), [announce, words]);
	return (
		<>
			<p className={styles.done}>
				<CircleCheck aria-hidden />
				{words}
			</p>
			<DialogActions>
				<Button look="primary" autoFocus onPress={back}>
					{t("devices.finish")}
				</Button>
			</DialogActions>
		</>
	);
}
