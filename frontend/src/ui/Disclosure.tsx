import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import {
	Button as AriaButton,
	Disclosure as AriaDisclosure,
	DisclosurePanel,
	Heading,
} from "react-aria-components";
import styles from "./Disclosure.module.css";

interface DisclosureProps {
	title: string;
	/** The level of its heading on the page. */
	level: 2 | 3;
	children: ReactNode;
}

/** What not everybody wants to read, behind its heading. */
export function Disclosure({ title, level, children }: DisclosureProps) {
	return (
		<AriaDisclosure className={styles.disclosure}>
			<Heading level={level} className={styles.heading}>
				<AriaButton slot="trigger" className={styles.trigger}>
					<ChevronRight aria-hidden className="mirrored" />
					{title}
				</AriaButton>
			</Heading>
			<DisclosurePanel className={styles.panel}>{children}</DisclosurePanel>
		</AriaDisclosure>
	);
}
