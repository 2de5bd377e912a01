import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { IconButton, join } from "./Button";
import styles from "./Dialog.module.css";

interface DialogProps {
	title: string;
	/** The accessible name of the button that closes it. */
	closeLabel: string;
	onClose: () => void;
	wide?: boolean;
	/** Over the whole window, for a picture on a wall. */
	full?: boolean;
	children: ReactNode;
}

/** A dialog over the page. Focus goes in, stays in, and returns to where it was; Escape closes. */
export function Dialog({ title, closeLabel, onClose, wide = false, full = false, children }: DialogProps) {
	return (
		<ModalOverlay isOpen isDismissable onOpenChange={(open) => !open && onClose()} className={styles.scrim}>
			<Modal className={join(styles.modal, wide && styles.wide, full && styles.whole)}>
				<AriaDialog className={styles.dialog}>
					<div className={styles.head}>
						<Heading slot="title" level={2} className={styles.title}>
							{title}
						</Heading>
						<IconButton icon={X} label={closeLabel} onPress={onClose} />
					</div>
					<div className={styles.body}>{children}</div>
				</AriaDialog>
			</Modal>
		</ModalOverlay>
	);
}

/** The row of buttons at a dialog's foot, the one that goes on last. */
export function DialogActions({ children }: { children: ReactNode }) {
	return <div className={styles.actions}>{children}</div>;
}

interface SideSheetProps {
	label: string;
	side: "start" | "end";
	/** Over the whole width, where there is room for one thing at a time. */
	full: boolean;
	onClose: () => void;
	children: ReactNode;
}

/** A side panel that slides over the page where there is no room beside it. */
export function SideSheet({ label, side, full, onClose, children }: SideSheetProps) {
	return (
		<ModalOverlay isOpen isDismissable onOpenChange={(open) => !open && onClose()} className={styles.scrim}>
			<Modal className={join(styles.side, side === "start" ? styles.start : styles.end, full && styles.full)}>
				<AriaDialog aria-label={label} className={styles.dialog}>
					{children}
				</AriaDialog>
			</Modal>
		</ModalOverlay>
	);
}
