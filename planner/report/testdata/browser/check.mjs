// Opens a report in a browser and says what it finds, as JSON on stdout:
//   node check.mjs CHROMIUM FILE SEARCH [SCREENSHOT-PREFIX]
// The report is opened three times: light and dark with axe-core, and once
// without JavaScript.
import { createRequire } from "node:module";
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const [executablePath, file, search, screenshots] = process.argv.slice(2);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const url = pathToFileURL(path.resolve(file)).href;
const profile = mkdtempSync(path.join(tmpdir(), "landfall-browser-"));
const result = { violations: [], console: [], requests: [], timings: {} };

const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  viewport: { width: 1280, height: 900 },
});

async function open(page) {
  page.on("console", (m) => { if (m.type() === "error" || m.type() === "warning") result.console.push(m.text()); });
  page.on("pageerror", (e) => result.console.push(String(e)));
  page.on("request", (r) => { if (r.url() !== url) result.requests.push(r.url()); });
  const start = Date.now();
  await page.goto(url, { waitUntil: "load", timeout: 240_000 });
  return Date.now() - start;
}

try {
  for (const scheme of ["light", "dark"]) {
    const page = await context.newPage();
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    result.timings["load " + scheme] = await open(page);
    if (scheme === "light") {
      result.timings["first paint"] = await page.evaluate(() => {
        const paint = performance.getEntriesByName("first-contentful-paint")[0];
        return paint ? Math.round(paint.startTime) : -1;
      });
      result.changes = await page.locator("details.c").count();
      result.heading = await page.locator("h1").innerText();
      result.timings.filter = await page.evaluate(async (words) => {
        const box = document.getElementById("q");
        if (!box) return -1;
        await new Promise((done) => setTimeout(done, 1500)); // idle, as a reader is
        const start = performance.now();
        box.value = words;
        box.dispatchEvent(new Event("input"));
        await new Promise((done) => new MutationObserver(done).observe(document.getElementById("shown"), { childList: true }));
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        return Math.round(performance.now() - start);
      }, search);
      result.shown = await page.evaluate(() => Array.from(document.querySelectorAll("details.c")).filter((e) => !e.hidden).length);
      result.visible = await page.evaluate(() => Array.from(document.querySelectorAll("details.c")).filter((e) => e.checkVisibility()).length);
      await page.evaluate(() => {
        const box = document.getElementById("q");
        if (!box) return;
        box.value = "";
        document.getElementById("a").dispatchEvent(new Event("change"));
        document.getElementById("open").click();
      });
    }
    if (screenshots) {
      await page.setViewportSize({ width: 1280, height: 2600 });
      await page.screenshot({ path: `${screenshots}-${scheme}.png` });
    }
    if (result.changes < 1000) {
      await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
      await page.evaluate(axe);
      const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      for (const v of found.violations) {
        result.violations.push({ scheme, id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map((n) => n.html + " " + (n.any[0]?.message ?? "")) });
      }
    }
    await page.close();
  }
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}

const plain = mkdtempSync(path.join(tmpdir(), "landfall-browser-"));
const without = await chromium.launchPersistentContext(plain, { executablePath, javaScriptEnabled: false, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"] });
try {
  const page = await without.newPage();
  await open(page);
  result.withoutScript = { changes: await page.locator("details.c").count(), filters: await page.locator("#filters").isVisible().catch(() => false) };
} finally {
  await without.close();
  rmSync(plain, { recursive: true, force: true });
}
console.log(JSON.stringify(result));
