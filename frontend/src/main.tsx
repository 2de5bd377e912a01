import "./ui/base.css";
import { createRoot } from "react-dom/client";
import { openBridge } from "./bridge";
import { preload } from "./documents";
import { startLanguage } from "./i18n";
import { App } from "./shell/App";
import { readPreferences } from "./shell/preferences";
import { applyTextSize } from "./ui/theme";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

const bridge = openBridge();
preload();
const preferences = readPreferences(localStorage, navigator.languages);
applyTextSize(preferences.textSize);
await startLanguage(preferences.language);
createRoot(root).render(<App bridge={bridge} initialPreferences={preferences} />);
