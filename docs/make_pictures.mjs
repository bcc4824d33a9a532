// node make_pictures.mjs PAGE FOLDER NODE_MODULES CHROMIUM [POINT]; see make_pictures.sh.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [source, folder, nodeModules, executablePath, point] = process.argv.slice(2);
const { chromium } = createRequire(path.resolve(nodeModules, "x.js"))("playwright-core");

const profile = mkdtempSync(path.join(tmpdir(), "mantissa-pictures-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  colorScheme: "light",
  viewport: { width: 1280, height: 1040 },
  deviceScaleFactor: 1.5,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const page = await context.newPage();
await page.goto(pathToFileURL(path.resolve(source)).href + (point ? `#${point}` : ""));
await page.waitForSelector("#front-chart .scatterlayer");

mkdirSync(folder, { recursive: true });
for (const [name, selector] of [["front.png", "main > .columns"], ["formats.png", "#formats"]]) {
  const file = path.join(folder, name);
  await page.locator(selector).first().screenshot({ path: file });
  console.log(file);
}
await context.close();
rmSync(profile, { recursive: true, force: true });
