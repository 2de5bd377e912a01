import { create } from "qrcode";
import { useMemo } from "react";
import styles from "./dialogs.module.css";

interface QrPictureProps {
	text: string;
	/** What it is, for those who do not see it. */
	label: string;
}

/** A QR code as one path, so that it stays sharp at every size. Upper-case codes take QR's denser alphabet. */
export function QrPicture({ text, label }: QrPictureProps) {
	const { path, size } = useMemo(() => drawing(text), [text]);
	return (
		<div className={styles.qr}>
			<svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
				<path d={path} fill="currentColor" />
			</svg>
		</div>
	);
}

function drawing(text: string): { path: string; size: number } {
	const { modules } = create(text, { errorCorrectionLevel: "L" });
	const { size, data } = modules;
	let path = "";
	for (let row = 0; row < size; row++) {
		for (let column = 0; column < size; column++) {
			if (data[row * size + column]) path += `M${column} ${row}h1v1h-1z`;
		}
	}
	return { path, size };
}
