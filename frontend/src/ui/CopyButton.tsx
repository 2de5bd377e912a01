import { Check, Copy } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useAnnounce } from "./announcer";
import { Button, type ButtonLook, IconButton } from "./Button";

const SHOWN = 2500;

interface CopyButtonProps {
	text: string;
	label: string;
	/** Stands on the button for a moment once it is done. */
	doneLabel: string;
	/** Said once it is done. */
	spoken: string;
	onFailed: () => void;
	look?: ButtonLook;
	/** Only the icon, with the label as its name. */
	compact?: boolean;
}

export function CopyButton({
	text,
	label,
	doneLabel,
	spoken,
	onFailed,
	look,
	compact = false,
}: CopyButtonProps) {
	const announce = useAnnounce();
	const [done, setDone] = useState(false);
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	// The tick goes by itself; a button that left must not come back for it.
	useEffect(() => () => clearTimeout(timer.current), []);
	const copy = async () => {
		try {
			await writeClipboard(text);
		} catch {
			onFailed();
			return;
		}
		announce(spoken);
		setDone(true);
		clearTimeout(timer.current);
		timer.current = setTimeout(() => setDone(false), SHOWN);
	};
	const icon = done ? Check : Copy;
	if (compact) return <IconButton icon={icon} label={label} look={look ?? "quiet"} onPress={copy} />;
	return (
		<Button icon={icon} look={look ?? "secondary"} onPress={copy}>
			{done ? doneLabel : label}
		</Button>
	);
}

async function writeClipboard(text: string): Promise<void> {
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		// There is none in a context that is not secure, as the desktop window's own scheme is on some engines.
		if (!copyBySelection(text)) throw new Error("the browser refused to copy");
	}
}

function copyBySelection(text: string): boolean {
	const area = document.createElement("textarea");
	area.value = text;
	area.className = "visually-hidden";
	const before = document.activeElement;
	// Inside the dialog, which keeps the focus from leaving it.
	(before?.closest("[role=dialog]") ?? document.body).append(area);
	area.select();
	const copied = document.execCommand("copy");
	area.remove();
	if (before instanceof HTMLElement) before.focus();
	return copied;
}
