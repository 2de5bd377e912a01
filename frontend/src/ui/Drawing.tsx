import styles from "./Drawing.module.css";

/** A long table under a lamp, with papers and chairs: where the work will be. Decoration only. */
export function TableDrawing() {
	return (
		<svg viewBox="24 2 240 138" aria-hidden="true" className={styles.drawing}>
			<path className={styles.tint} d="M144 34 54 96h180z" />
			<path d="M144 4v18" />
			<path className={styles.warm} d="M126 34c0-8 8-12 18-12s18 4 18 12z" />
			<path d="M26 96h236M44 96v40M244 96v40" />
			<g className={styles.paper}>
				<path d="m78 95 6-14h30l-4 14zM176 95l-3-14h30l6 14z" />
				<path d="m124 95 2-18h36l3 18z" />
			</g>
			<path className={styles.warm} d="M132 84h22M131 89h15" />
			<path d="M88 86h16M181 86h15M180 90h10" />
			<path d="M70 138v-24c0-4 2-6 6-6h20c4 0 6 2 6 6v24M70 122h32" />
			<path d="M128 138v-24c0-4 2-6 6-6h20c4 0 6 2 6 6v24M128 122h32" />
			<path d="M186 138v-24c0-4 2-6 6-6h20c4 0 6 2 6 6v24M186 122h32" />
		</svg>
	);
}

/** A sheet with its first lines. Decoration only. */
export function SheetDrawing() {
	return (
		<svg viewBox="90 8 122 132" aria-hidden="true" className={styles.drawing}>
			<path className={styles.tint} d="M104 20h96v118h-96z" />
			<path className={styles.paper} d="M92 10h76l24 24v96H92z" />
			<path d="M168 10v24h24" />
			<path className={styles.warm} d="M108 48h44" strokeWidth="4" />
			<path d="M108 66h66M108 78h58M108 90h66M108 102h30" />
			<path className={styles.warm} d="m158 118 40-52 8 6-40 52-11 4z" />
		</svg>
	);
}

/** The mark of the product: two people at a table. */
export function Mark({ size = "1.75rem" }: { size?: string }) {
	return (
		<svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true" style={{ color: "var(--accent)" }}>
			<g fill="none" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" strokeLinejoin="round">
				<path d="M3.5 18.5h25M7.5 18.5v8M24.5 18.5v8" />
				<path d="M7.3 13.5a4 4 0 0 1 7.4 0M17.3 13.5a4 4 0 0 1 7.4 0" />
			</g>
			<g fill="currentColor">
				<circle cx="11" cy="7" r="2.3" />
				<circle cx="21" cy="7" r="2.3" />
			</g>
		</svg>
	);
}
