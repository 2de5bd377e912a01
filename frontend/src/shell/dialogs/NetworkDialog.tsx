import { type FormEvent, useState } from "react";
import type { Peer } from "../../bridge";
import { formatMilliseconds, formatTime, useKeyNames, useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { Dialog } from "../../ui/Dialog";
import { SwitchField, TextField } from "../../ui/Field";
import { keyLabel } from "../../ui/keys";
import { notify } from "../../ui/Toasts";
import { errorWords } from "../errorWords";
import { trigger, useLive } from "../live";
import { useSession } from "../session";
import { toField } from "../toField";
import styles from "./dialogs.module.css";
import { Problem } from "./Feedback";

export function NetworkDialog({ onClose }: { onClose: () => void }) {
	const { t } = useTranslation();
	const { bridge, notices, refresh } = useSession();
	const network = useLive(bridge, "network", () => bridge.api.Network(), [
		trigger("network"),
		trigger("spaces"),
	]);
	const { value, error } = network;
	const setOffline = async (offline: boolean) => {
		try {
			await bridge.api.SetOffline(offline);
		} catch (reason) {
			const text = t("network.changeFailed", { reason: errorWords(reason, t) });
			notify(notices, { kind: "problem", text });
		}
		network.refresh();
		refresh();
	};
	return (
		<Dialog title={t("network.title")} closeLabel={t("app.close")} onClose={onClose} wide>
			<p className={styles.intro}>{t("network.intro")}</p>
			{error && <Problem>{errorWords(error, t)}</Problem>}
			<SwitchField
				label={t("network.offline")}
				description={t("network.offlineHint")}
				selected={value?.offline ?? false}
				onChange={setOffline}
			/>
			<h3 className={styles.subhead}>{t("network.peers")}</h3>
			{value?.peers.length === 0 && <p className={styles.note}>{t("network.noPeers")}</p>}
			<ul className={styles.list} aria-label={t("network.peers")}>
				{value?.peers.map((peer) => (
					<PeerRow key={peer.device} peer={peer} />
				))}
			</ul>
			<h3 className={styles.subhead}>{t("network.addresses")}</h3>
			{value?.addresses.length === 0 && (
				<p className={styles.note}>
					{value.offline ? t("network.offlineAddresses") : t("network.noAddresses")}
				</p>
			)}
			<ul className={styles.list} aria-label={t("network.addresses")}>
				{value?.addresses.map((address) => (
					<AddressRow key={address} address={address} />
				))}
			</ul>
			{!value?.offline && <ConnectForm onConnected={network.refresh} />}
		</Dialog>
	);
}

function PeerRow({ peer }: { peer: Peer }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { rtt, transport } = peer;
	const via = rtt > 0 ? t("network.via", { transport, rtt: formatMilliseconds(rtt, locale) }) : transport;
	return (
		<li>
			<div className={styles.item}>
				<bdi className={styles.strong}>{peer.name || t("network.peerUnknown")}</bdi>
				<span className={styles.note}>
					{via} · {t("network.since", { time: formatTime(peer.since, locale) })}
				</span>
				<span className={styles.mono} dir="ltr">
					{peer.device}
				</span>
			</div>
		</li>
	);
}

function AddressRow({ address }: { address: string }) {
	const { t } = useTranslation();
	const { notices } = useSession();
	const names = useKeyNames();
	return (
		<li>
			<code className={`${styles.item} ${styles.mono}`} dir="ltr">
				{address}
			</code>
			<CopyButton
				compact
				text={address}
				label={t("network.copyAddress", { address })}
				doneLabel={t("app.copied")}
				spoken={t("network.addressCopied")}
				onFailed={() =>
					notify(notices, { kind: "problem", text: t("app.copyFailed", { keys: keyLabel("Mod-c", names) }) })
				}
			/>
		</li>
	);
}

function ConnectForm({ onConnected }: { onConnected: () => void }) {
	const { t } = useTranslation();
	const { bridge, notices } = useSession();
	const [address, setAddress] = useState("");
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy) return;
		if (address.trim() === "") {
			setProblem(t("network.connectMissing"));
			toField(form);
			return;
		}
		setBusy(true);
		try {
			await bridge.api.Connect(address.trim());
			setAddress("");
			onConnected();
			notify(notices, { kind: "good", text: t("network.connectDone") });
		} catch (reason) {
			setProblem(errorWords(reason, t));
			toField(form);
		}
		setBusy(false);
	};
	return (
		<form className={styles.connect} onSubmit={submit} noValidate>
			<TextField
				label={t("network.connect")}
				description={t("network.connectHint")}
				value={address}
				onChange={(value) => {
					setAddress(value);
					setProblem(undefined);
				}}
				error={problem}
				autoComplete="off"
			/>
			<Button type="submit">{busy ? t("network.connecting") : t("network.connectButton")}</Button>
		</form>
	);
}
