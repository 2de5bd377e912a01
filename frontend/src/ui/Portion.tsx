import styles from "./Portion.module.css";

interface PortionProps {
	/** How many of them. */
	have: number;
	of: number;
	/** The same in words, for those who hear it. Without, the words stand beside it. */
	label?: string;
}

const RADIUS = 4;
const ROUND = 2 * Math.PI * RADIUS;

/** A small picture of how many of all have something: a disc that fills, with a tick once it is full. */
export function Portion({ have, of, label }: PortionProps) {
	const full = of > 0 && have >= of;
	const drawing = (
		<>
			<circle cx="10" cy="10" r="8.5" className={styles.rim} />
			{full ? (
				<path d="M6 10.2l2.8 2.8L14 7.6" className={styles.tick} />
			) : (
				<circle
					cx="10"
					cy="10"
					r={RADIUS}
					className={styles.filling}
					strokeDasharray={`${of > 0 ? (have / of) * ROUND : 0} ${ROUND}`}
					transform="rotate(-90 10 10)"
				/>
			)}
		</>
	);
	const look = { viewBox: "0 0 20 20", className: styles.portion, "data-full": full || undefined };
	if (label === undefined) {
		return (
			<svg aria-hidden="true" {...look}>
				{drawing}
			</svg>
		);
	}
	return (
		<svg role="img" aria-label={label} {...look}>
			{drawing}
		</svg>
	);
}
