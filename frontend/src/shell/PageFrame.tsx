import { PanelRight } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import type { Space } from "../bridge";
import { useTranslation } from "../i18n";
import { IconButton } from "../ui/Button";
import styles from "./Page.module.css";
import { ShowSidebar } from "./ShowSidebar";
import { useAnnouncePlace } from "./useAnnouncePlace";
import { usePageTitle } from "./usePageTitle";
import type { Panels } from "./Workspace";

interface PageFrameProps {
	space: Space;
	panels: Panels;
	/** The page's heading; the space's own page has its name. */
	title: string;
	/** Under the heading. */
	intro?: ReactNode;
	children: ReactNode;
}

/** A page of a space that is not a document. Whoever comes to it hears where they are. */
export function PageFrame({ space, panels, title, intro, children }: PageFrameProps) {
	const { t } = useTranslation();
	const heading = useRef<HTMLHeadingElement>(null);
	usePageTitle(title === space.name ? undefined : title, space.name);
	useAnnouncePlace(space.id);
	// The focus is the browser's.
	useEffect(() => heading.current?.focus(), []);
	return (
		<div className={styles.scroll}>
			<div className={styles.top}>
				<ShowSidebar panels={panels} />
				{!panels.people.shown && (
					<IconButton
						icon={PanelRight}
						mirrored
						label={t("people.show")}
						onPress={panels.people.toggle}
						className={styles.atEnd}
					/>
				)}
			</div>
			<div className={styles.column}>
				<div>
					<h1 ref={heading} tabIndex={-1} className={styles.title}>
						<bdi>{title}</bdi>
					</h1>
					{intro && <p className={styles.intro}>{intro}</p>}
				</div>
				{children}
			</div>
		</div>
	);
}
