// node make_pictures.mjs PAGE FOLDER NODE_MODULES CHROMIUM [POINT]; see make_pictures.sh.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [file, folder, nodeModules, executablePath, point] = process.argv.slice(2);
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
await page.goto(pathToFileURL(path.resolve(file)).href + (point ? `#${point}` : ""));
await page.waitForSelector("#front-chart .scatterlayer");

mkdirSync(folder, { recursive: true });
await page.screenshot({ path: path.join(folder, "page.png") });

// White behind the chart, so that it can be read on a dark page too.
const svg = await page.evaluate(async () => {
  const { data, layout } = document.getElementById("front-chart");
  const picture = { data, layout: { ...layout, paper_bgcolor: "#ffffff", margin: { l: 16, r: 16, t: 16, b: 16 } } };
  return Plotly.toImage(picture, { format: "svg", width: 860, height: 500, imageDataOnly: true });
});
// Coordinates to a hundredth of a pixel: a third of the bytes.
writeFileSync(path.join(folder, "front.svg"), svg.replace(/(\d+\.\d{2})\d+/g, "$1"));
await context.close();
rmSync(profile, { recursive: true, force: true });
console.log(`${path.join(folder, "front.svg")}\n${path.join(folder, "page.png")}`);
