import { createServer } from "node:net";
import type { Display } from "./display";
import { Process } from "./process";
import { chordOf, LINES_SCRIPT, matches, type Name, type Role, type Screen } from "./screen";
import { PATIENCE, until } from "./until";

const MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";
/** The key under which a W3C WebDriver names an element. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

type ElementID = string;

/** Where to look for a role before the engine is asked what the role really is. */
const candidates: Record<Role, string> = {
	button: "button, [role=button]",
	textbox: "input, textarea, [role=textbox]",
	link: "a, [role=link]",
	switch: "[role=switch]",
	heading: "h1, h2, h3, h4, h5, h6",
	option: "[role=option]",
	menuitem: "[role=menuitem]",
	dialog: "dialog, [role=dialog], [role=alertdialog]",
	checkbox: "input[type=checkbox], [role=checkbox]",
};

/** The code points that stand for keys without a character. */
const keys: Record<string, string> = {
	Control: "\uE009",
	Shift: "\uE008",
	Alt: "\uE00A",
	Enter: "\uE007",
	Tab: "\uE004",
	Escape: "\uE00C",
	Backspace: "\uE003",
	Home: "\uE011",
	End: "\uE010",
	ArrowLeft: "\uE012",
	ArrowUp: "\uE013",
	ArrowRight: "\uE014",
	ArrowDown: "\uE015",
};

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
	const server = createServer();
	return await new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(0, "127.0.0.1", () => {
			const address = server.address();
			server.close(() =>
				address !== null && typeof address === "object" ? resolve(address.port) : reject(),
			);
		});
	});
}

interface KeyAction {
	type: "keyDown" | "keyUp";
	value: string;
}

const down = (value: string): KeyAction => ({ type: "keyDown", value });
const up = (value: string): KeyAction => ({ type: "keyUp", value });

/** What we need of the W3C WebDriver protocol, spoken to WebKitGTK: the engine of the desktop window. */
export class WebKitScreen implements Screen {
	readonly #driver: Process;
	readonly #base: string;
	#session = "";

	private constructor(driver: Process, base: string) {
		this.#driver = driver;
		this.#base = base;
	}

	static async open(display: Display): Promise<WebKitScreen> {
		const port = await freePort();
		const driver = new Process("WebKitWebDriver", "WebKitWebDriver", [`--port=${port}`], {
			env: display.env,
		});
		const webkit = new WebKitScreen(driver, `http://127.0.0.1:${port}`);
		await until(
			"WebKitWebDriver to be ready",
			async () => (await webkit.#call("GET", "/status")) !== undefined,
		);
		const session = (await webkit.#call("POST", "/session", {
			capabilities: {
				alwaysMatch: {
					"webkitgtk:browserOptions": { binary: MINI_BROWSER, args: ["--automation"] },
				},
			},
		})) as { sessionId: string };
		webkit.#session = `/session/${session.sessionId}`;
		await webkit.#call("POST", `${webkit.#session}/window/maximize`, {});
		return webkit;
	}

	async go(url: string): Promise<void> {
		await this.#call("POST", `${this.#session}/url`, { url });
	}

	async reload(): Promise<void> {
		await this.#call("POST", `${this.#session}/refresh`, {});
	}

	async press(role: Role, name: Name): Promise<void> {
		await until(`a ${role} called ${name} to click`, async () => {
			const element = await this.#find(role, name);
			if (element === undefined) return false;
			// What one sees and clicks of a switch is its label.
			const act = role === "switch" ? { path: "value", body: { text: " " } } : { path: "click", body: {} };
			await this.#call("POST", `${this.#session}/element/${element}/${act.path}`, act.body);
			return true;
		});
	}

	async has(role: Role, name: Name): Promise<boolean> {
		return (await this.#find(role, name)) !== undefined;
	}

	async type(text: string): Promise<void> {
		await this.#keys([...text].flatMap((value) => [down(value), up(value)]));
	}

	async key(chord: string): Promise<void> {
		const { modifiers, key } = chordOf(chord);
		const values = [...modifiers, key].map((name) => keys[name] ?? name);
		await this.#keys([...values.map(down), ...values.reverse().map(up)]);
		// Nobody presses the next key before the page has drawn what this one did.
		await this.#execute("return new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))");
	}

	async value(name: Name): Promise<string> {
		const element = await until(`a textbox called ${name}`, () => this.#find("textbox", name));
		return String(await this.#call("GET", `${this.#session}/element/${element}/property/value`));
	}

	async text(): Promise<string> {
		return await this.#execute("return document.body.innerText");
	}

	async lines(): Promise<string[]> {
		return await this.#execute(LINES_SCRIPT);
	}

	async close(): Promise<void> {
		if (this.#session !== "") await this.#call("DELETE", this.#session);
		await this.#driver.end();
	}

	async #execute<T>(script: string): Promise<T> {
		return (await this.#call("POST", `${this.#session}/execute/sync`, { script, args: [] })) as T;
	}

	/** The element of a role and accessible name, as the engine itself computes them. */
	async #find(role: Role, name: Name): Promise<ElementID | undefined> {
		const found = (await this.#call("POST", `${this.#session}/elements`, {
			using: "css selector",
			value: candidates[role],
		})) as Record<string, string>[];
		for (const reference of found) {
			const element = reference[ELEMENT] ?? "";
			const path = `${this.#session}/element/${element}`;
			if ((await this.#call("GET", `${path}/computedrole`)) !== role) continue;
			if (matches(name, String(await this.#call("GET", `${path}/computedlabel`)))) return element;
		}
		return undefined;
	}

	async #keys(actions: readonly KeyAction[]): Promise<void> {
		await this.#call("POST", `${this.#session}/actions`, { actions: [{ type: "key", id: "keys", actions }] });
	}

	async #call(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<unknown> {
		const response = await fetch(this.#base + path, {
			method,
			signal: AbortSignal.timeout(PATIENCE),
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		const { value } = (await response.json()) as { value: unknown };
		if (!response.ok) {
			const { error, message } = value as { error: string; message: string };
			throw new Error(`WebDriver ${method} ${path}: ${error}: ${message}`);
		}
		return value;
	}
}
