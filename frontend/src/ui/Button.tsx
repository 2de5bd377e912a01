import type { LucideIcon } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import {
	Button as AriaButton,
	type ButtonProps as AriaButtonProps,
	Link as AriaLink,
	type LinkProps as AriaLinkProps,
	ToggleButton as AriaToggleButton,
	type ToggleButtonProps as AriaToggleButtonProps,
	Tooltip as AriaTooltip,
	TooltipTrigger,
} from "react-aria-components";
import styles from "./Button.module.css";

export type ButtonLook = "primary" | "secondary" | "quiet" | "danger";

interface ButtonProps extends Omit<AriaButtonProps, "className" | "children"> {
	look?: ButtonLook;
	icon?: LucideIcon;
	children: ReactNode;
	className?: string | undefined;
}

export function Button({ look = "secondary", icon: Icon, children, className, ...rest }: ButtonProps) {
	return (
		<AriaButton {...rest} className={join(styles.button, styles[look], className)}>
			{Icon && <Icon aria-hidden />}
			{children}
		</AriaButton>
	);
}

interface PlaceLinkProps extends Omit<AriaLinkProps, "className" | "children" | "href"> {
	icon?: LucideIcon;
	children: ReactNode;
	className?: string | undefined;
}

/** Leads to another place in this window; looks like a quiet button. */
export function PlaceLink({ icon: Icon, children, className, ...rest }: PlaceLinkProps) {
	return (
		<AriaLink {...rest} className={join(styles.button, styles.quiet, className)}>
			{Icon && <Icon aria-hidden />}
			{children}
		</AriaLink>
	);
}

interface IconProps {
	icon: LucideIcon;
	/** The accessible name, and what the tooltip says. */
	label: string;
	/** Keys that do the same, shown in the tooltip. */
	keys?: string | undefined;
	/** Whether the icon points along the line and turns with it. */
	mirrored?: boolean;
	className?: string | undefined;
}

interface IconButtonProps extends Omit<AriaButtonProps, "className" | "children" | "aria-label">, IconProps {
	look?: ButtonLook;
}

export function IconButton({
	icon: Icon,
	label,
	keys,
	mirrored = false,
	look = "quiet",
	className,
	...rest
}: IconButtonProps) {
	return (
		<WithTooltip text={label} keys={keys}>
			<AriaButton
				{...rest}
				aria-label={label}
				className={join(styles.button, styles[look], styles.icon, className)}
			>
				<Icon aria-hidden className={mirrored ? "mirrored" : undefined} />
			</AriaButton>
		</WithTooltip>
	);
}

interface IconToggleProps
	extends Omit<AriaToggleButtonProps, "className" | "children" | "aria-label">,
		IconProps {}

export function IconToggle({
	icon: Icon,
	label,
	keys,
	mirrored = false,
	className,
	...rest
}: IconToggleProps) {
	return (
		<WithTooltip text={label} keys={keys}>
			<AriaToggleButton
				{...rest}
				aria-label={label}
				className={join(styles.button, styles.quiet, styles.icon, className)}
			>
				<Icon aria-hidden className={mirrored ? "mirrored" : undefined} />
			</AriaToggleButton>
		</WithTooltip>
	);
}

interface WithTooltipProps {
	text: string;
	keys?: string | undefined;
	children: ReactElement;
}

export function WithTooltip({ text, keys, children }: WithTooltipProps) {
	return (
		<TooltipTrigger delay={500} closeDelay={0}>
			{children}
			<AriaTooltip offset={6} className={styles.tooltip}>
				{text}
				{keys && <kbd>{keys}</kbd>}
			</AriaTooltip>
		</TooltipTrigger>
	);
}

export function join(...names: (string | false | undefined)[]): string {
	return names.filter(Boolean).join(" ");
}
