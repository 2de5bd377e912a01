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

// The clipboard API needs a secure context, which the desktop window's own scheme is not on every engine.
async function writeClipboard(text: string): Promise<void> {
	if (navigator.clipboard !== undefined) {
		await navigator.clipboard.writeText(text);
		return;
	}
	const area = document.createElement("textarea");
	area.value = text;
	area.style.position = "fixed";
	area.style.opacity = "0";
	const holder = document.querySelector("[role=dialog]") ?? document.body;
	holder.append(area);
	const before = document.activeElement;
	area.select();
	const copied = document.execCommand("copy");
	area.remove();
	if (before instanceof HTMLElement) before.focus();
	if (!copied) throw new Error("the browser refused to copy");
}
