import { createServer } from "node:net";
import type { Display } from "./display";
import { Process } from "./process";
import { PATIENCE, until } from "./until";

const MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";
/** The key under which a W3C WebDriver names an element. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

type ElementID = string;

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

/** What we need of the W3C WebDriver protocol, spoken to WebKitGTK: the engine of the desktop window. */
export class WebKit {
	readonly #driver: Process;
	readonly #base: string;
	#session = "";

	private constructor(driver: Process, base: string) {
		this.#driver = driver;
		this.#base = base;
	}

	static async open(display: Display): Promise<WebKit> {
		const port = await freePort();
		const driver = new Process("WebKitWebDriver", "WebKitWebDriver", [`--port=${port}`], {
			env: display.env,
		});
		const webkit = new WebKit(driver, `http://127.0.0.1:${port}`);
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
		return webkit;
	}

	async go(url: string): Promise<void> {
		await this.#call("POST", `${this.#session}/url`, { url });
	}

	/** Runs the body of a function in the page. */
	async execute<T>(script: string, ...args: unknown[]): Promise<T> {
		return (await this.#call("POST", `${this.#session}/execute/sync`, { script, args })) as T;
	}

	/** The displayed element of a role and accessible name, as the engine itself computes them. */
	async find(css: string, role: string, name: string | RegExp): Promise<ElementID | undefined> {
		const found = (await this.#call("POST", `${this.#session}/elements`, {
			using: "css selector",
			value: css,
		})) as Record<string, string>[];
		for (const reference of found) {
			const element = reference[ELEMENT] ?? "";
			const path = `${this.#session}/element/${element}`;
			if ((await this.#call("GET", `${path}/computedrole`)) !== role) continue;
			const label = String(await this.#call("GET", `${path}/computedlabel`));
			if (typeof name === "string" ? label === name : name.test(label)) return element;
		}
		return undefined;
	}

	async click(element: ElementID): Promise<void> {
		await this.#call("POST", `${this.#session}/element/${element}/click`, {});
	}

	/** Presses and lets go of keys one after the other, wherever the focus is. */
	async type(text: string): Promise<void> {
		const actions = [...text].flatMap((value) => [
			{ type: "keyDown", value },
			{ type: "keyUp", value },
		]);
		await this.#call("POST", `${this.#session}/actions`, { actions: [{ type: "key", id: "keys", actions }] });
	}

	async screenshot(): Promise<Buffer> {
		return Buffer.from(String(await this.#call("GET", `${this.#session}/screenshot`)), "base64");
	}

	async close(): Promise<void> {
		if (this.#session !== "") await this.#call("DELETE", this.#session);
		await this.#driver.end();
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
