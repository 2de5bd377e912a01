import { beforeEach, describe, expect, test, vi } from "vitest";
import { createNotices, type Notices, notify } from "./Toasts";

describe("what is said at the window's foot", () => {
	let notices: Notices;
	const shown = () => notices.visibleToasts.map(({ content }) => content.text);

	beforeEach(() => {
		notices = createNotices();
	});

	test("is the newest good news only, while problems stay", () => {
		notify(notices, { kind: "problem", text: "Not saved." });
		notify(notices, { kind: "good", text: "Joined." });
		expect(shown()).toEqual(["Joined.", "Not saved."]);
		notify(notices, { kind: "good", text: "Renamed." });
		expect(shown()).toEqual(["Renamed.", "Not saved."]);
		notify(notices, { kind: "problem", text: "Not renamed." });
		expect(shown()).toEqual(["Not renamed.", "Renamed.", "Not saved."]);
	});

	test("stays as long as it takes to read it, and a problem until it was read", () => {
		notify(notices, { kind: "problem", text: "Not saved." });
		notify(notices, { kind: "good", text: "Done." });
		const time = () => notices.visibleToasts[0]?.timeout ?? 0;
		const short = time();
		expect(short).toBeGreaterThan(4000);
		expect(notices.visibleToasts[1]?.timer).toBeUndefined();
		notify(notices, { kind: "good", text: "You are told when a device of theirs changes." });
		expect(time()).toBeGreaterThan(short + 1500);
	});

	test("stays longer where something can be done about it", () => {
		notify(notices, { kind: "good", text: "Done." });
		const plain = notices.visibleToasts[0]?.timeout ?? 0;
		notify(notices, { kind: "good", text: "Done.", action: { label: "Undo", run: () => {} } });
		expect(notices.visibleToasts[0]?.timeout).toBeGreaterThan(plain + 5000);
	});

	test("goes by itself, but not while somebody looks at it", () => {
		vi.useFakeTimers();
		notify(notices, { kind: "good", text: "Done." });
		notices.resumeAll();
		notices.pauseAll();
		vi.advanceTimersByTime(60_000);
		expect(shown()).toEqual(["Done."]);
		notices.resumeAll();
		vi.advanceTimersByTime(10_000);
		expect(shown()).toEqual([]);
		vi.useRealTimers();
	});
});
