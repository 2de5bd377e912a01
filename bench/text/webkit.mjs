// One page in a WebKitGTK of its own, the engine of the desktop window, with what text.mjs needs of it. WebKit
// has no protocol of Chromium's kind: it is driven by W3C WebDriver.
import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";
const PATIENCE = 60_000;
const keys = { Control: "\uE009", Enter: "\uE007", F8: "\uE038", F9: "\uE039" };

async function freePort() {
	const server = createServer();
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address();
	await new Promise((resolve) => server.close(resolve));
	return port;
}

/** The processes below `pid`, itself left out. */
async function below(pid) {
	const parents = new Map();
	for (const name of await readdir("/proc")) {
		if (!/^\d+$/.test(name)) continue;
		const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => undefined); // it may have ended
		if (stat === undefined) continue;
		parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
	}
	const isBelow = (one) => {
		for (let at = parents.get(one); at !== undefined && at > 1; at = parents.get(at)) if (at === pid) return true;
		return false;
	};
	return [...parents.keys()].filter(isBelow);
}

async function ready(base) {
	const until = Date.now() + PATIENCE;
	for (;;) {
		const answer = await fetch(`${base}/status`).catch(() => undefined);
		if (answer?.ok) return;
		if (Date.now() > until) throw new Error("WebKitWebDriver does not answer");
		await sleep(50);
	}
}

export async function openWebKit() {
	const port = await freePort();
	const base = `http://127.0.0.1:${port}`;
	const driver = spawn("WebKitWebDriver", [`--port=${port}`], { stdio: "ignore" });
	const call = async (method, path, body) => {
		const response = await fetch(base + path, { method, body: body && JSON.stringify(body) });
		const { value } = await response.json();
		if (!response.ok) throw new Error(`WebDriver ${method} ${path}: ${value.error}: ${value.message}`);
		return value;
	};
	await ready(base);
	const options = { binary: MINI_BROWSER, args: ["--automation"] };
	const { sessionId } = await call("POST", "/session", {
		capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } },
	});
	const session = `/session/${sessionId}`;
	await call("POST", `${session}/window/maximize`, {});
	return {
		go: (url) => call("POST", `${session}/url`, { url }),
		run: (script) => call("POST", `${session}/execute/sync`, { script, args: [] }),
		press(chord) {
			const values = chord.split("+").map((key) => keys[key] ?? key);
			const actions = [
				...values.map((value) => ({ type: "keyDown", value })),
				...values.reverse().map((value) => ({ type: "keyUp", value })),
			];
			return call("POST", `${session}/actions`, { actions: [{ type: "key", id: "keys", actions }] });
		},
		async renderers() {
			const named = await Promise.all(
				(await below(driver.pid)).map(async (pid) => ({
					pid,
					name: await readFile(`/proc/${pid}/comm`, "utf8").catch(() => ""),
				})),
			);
			return named.filter(({ name }) => name.startsWith("WebKitWebProces")).map(({ pid }) => pid);
		},
		async close() {
			await call("DELETE", session);
			driver.kill();
		},
	};
}
