import { FileText, Laptop, Link2, MonitorSmartphone } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { MyDevice } from "../../bridge";
import { formatDate, formatList, formatTime, useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { notify } from "../../ui/Toasts";
import shared from "../dialogs/dialogs.module.css";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { trigger, useLive } from "../live";

import { useSession } from "../session";
import { toField } from "../toField";
import type { Step } from "./DevicesDialog";
import styles from "./devices.module.css";
import { deviceName, firstLabel, labelProblem } from "./names";

interface DeviceListProps {
	/** Somebody has just come back with their recovery sheet. */
	recovered: boolean;
	/** Where the focus goes after coming back from a step. */
	focus: "link" | "sheet" | "list" | undefined;
	go: (step: Step) => void;
}

export function DeviceList({ recovered, focus, go }: DeviceListProps) {
	const { t } = useTranslation();
	const { bridge, connection, openDialog } = useSession();
	const { value: devices, error } = useLive(bridge, "devices", () => bridge.api.Devices(), [
		trigger("spaces"),
		trigger("network"),
	]);
	const [renaming, setRenaming] = useState<string>();
	const list = useRef<HTMLUListElement>(null);
	// The step that the focus was in is gone.
	useEffect(() => {
		if (focus === "list") list.current?.focus();
	}, [focus]);
	const alone = devices?.length === 1;
	return (
		<>
			<p className={shared.intro}>
				{recovered ? t("recover.lostAsk") : alone ? t("devices.introAlone") : t("devices.intro")}
			</p>
			{error && <Problem>{errorWords(error, t)}</Problem>}
			<ul ref={list} tabIndex={-1} aria-label={t("devices.title")} className={styles.devices}>
				{devices?.map((device) => (
					<li key={device.device} className={styles.device}>
						<DeviceFacts device={device} live={connection === "connected"} />
						{renaming === device.device ? (
							<RenameForm device={device} onDone={() => setRenaming(undefined)} />
						) : (
							<div className={shared.buttons}>
								{device.spaces.length > 0 && (
									<Button
										look="quiet"
										aria-label={t("devices.renameOf", { device: deviceName(device, t) })}
										onPress={() => setRenaming(device.device)}
									>
										{t("devices.rename")}
									</Button>
								)}
								{!device.thisOne && (
									<Button
										look="danger"
										aria-label={t("devices.lostOf", { device: deviceName(device, t) })}
										onPress={() => go({ name: "lost", device })}
									>
										{t("devices.lost")}
									</Button>
								)}
							</div>
						)}
					</li>
				))}
			</ul>
			<div className={shared.buttons}>
				<Button
					icon={Link2}
					look={recovered ? "secondary" : "primary"}
					autoFocus={focus === "link"}
					onPress={() => go({ name: "link" })}
				>
					{t("devices.link")}
				</Button>
				<Button look="quiet" onPress={() => openDialog("use-link")}>
					{t("devices.useCode")}
				</Button>
			</div>
			<Recovery focus={focus === "sheet"} make={() => go({ name: "sheet" })} />
		</>
	);
}

function DeviceFacts({ device, live }: { device: MyDevice; live: boolean }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const Icon = device.thisOne ? Laptop : MonitorSmartphone;
	const facts = [whereabouts(), device.spaces.length > 0 && t("devices.since", { time: since() })];
	function since(): string {
		return formatDate(new Date(device.since), locale);
	}
	function whereabouts(): string | false {
		if (device.thisOne) return device.label !== "" && t("devices.thisOne");
		if (!live) return false; // Nobody knows.
		if (device.connected) return t("people.connected");
		return device.lastSeen
			? t("people.lastSeen", { time: formatTime(device.lastSeen, locale) })
			: t("people.never");
	}
	return (
		<div className={styles.facts}>
			<Icon aria-hidden />
			<div>
				<bdi className={shared.strong}>{deviceName(device, t)}</bdi>
				<p className={shared.note}>{facts.filter(Boolean).join(" · ")}</p>
				{!device.thisOne && device.missing.length > 0 && (
					<p className={shared.note}>{t("devices.missing", { names: formatList(device.missing, locale) })}</p>
				)}
			</div>
		</div>
	);
}

function RenameForm({ device, onDone }: { device: MyDevice; onDone: () => void }) {
	const { t } = useTranslation();
	const { bridge, notices, you } = useSession();
	const [label, setLabel] = useState(firstLabel(device, you.name, t));
	const [problem, setProblem] = useState<string>();
	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		const wrong = labelProblem(label, t);
		if (wrong !== undefined) {
			setProblem(wrong);
			toField(form);
			return;
		}
		try {
			await bridge.api.RenameDevice(device.device, label.trim());
			notify(notices, { kind: "good", text: t("devices.renamed", { device: label.trim() }) });
			// What takes the form's place is the button that opened it: the list has the focus meanwhile.
			form.closest("ul")?.focus();
			onDone();
		} catch (reason) {
			setProblem(errorWords(reason, t));
			toField(form);
		}
	};
	return (
		<form className={styles.rename} onSubmit={submit} noValidate>
			<TextField
				label={t("devices.name")}
				description={t("devices.nameHint")}
				value={label}
				onChange={(value) => {
					setLabel(value);
					setProblem(undefined);
				}}
				error={problem}
				autoComplete="off"
				autoFocus
			/>
			<div className={shared.buttons}>
				<Button type="submit" look="primary">
					{t("devices.save")}
				</Button>
				<Button look="quiet" onPress={onDone}>
					{t("app.cancel")}
				</Button>
			</div>
		</form>
	);
}

/** Whether a sheet of paper brings this person back, and into what. */
function Recovery({ focus, make }: { focus: boolean; make: () => void }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { bridge } = useSession();
	const { value: state } = useLive(bridge, "recovery", () => bridge.api.RecoveryState(), [trigger("spaces")]);
	if (state === undefined) return null;
	const { made, covers, of } = state;
	return (
		<section aria-labelledby="recovery" className={styles.section}>
			<h3 id="recovery" className={shared.subhead}>
				{t("recovery.title")}
			</h3>
			<p>
				{made === undefined
					? t("recovery.none")
					: covers === of
						? t("recovery.all", { date: formatDate(new Date(made), locale) })
						: t("recovery.some", { date: formatDate(new Date(made), locale), covers, of })}
			</p>
			<div className={shared.buttons}>
				<Button icon={FileText} autoFocus={focus} onPress={make}>
					{made === undefined ? t("recovery.make") : t("recovery.makeNew")}
				</Button>
			</div>
		</section>
	);
}
