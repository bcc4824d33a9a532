// Opens the example pages in a headless Chromium and uses them as a reader does.
//
//   node page_test.mjs FOLDER_OF_PAGES NODE_MODULES CHROMIUM
//
// Exits with 77 (skipped) if there is no browser or no driver for it. The pages come from tests/report/page_test.cpp.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder, nodeModules, executablePath] = process.argv.slice(2);

function skip(reason) {
  console.log(`skipped: ${reason}`);
  process.exit(77);
}

if (!executablePath || !existsSync(executablePath)) skip("no chromium is installed (apt-get install chromium)");
if (!existsSync(path.join(nodeModules, "playwright-core"))) skip("playwright-core is not installed; npm was missing or found no way to its registry when the build was configured");
const { chromium } = createRequire(path.resolve(nodeModules, "x.js"))("playwright-core");

const profile = mkdtempSync(path.join(tmpdir(), "mantissa-page-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: { width: 1400, height: 1000 },
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

// Everything that the pages complain of or ask for, besides themselves.
const complaints = [];
const requests = [];

async function open(name, hash = "") {
  const page = await context.newPage();
  page.on("console", (message) => complaints.push(`${name}: ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`${name}: ${error.message}`));
  const url = pathToFileURL(path.resolve(folder, name)).href;
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) requests.push(request.url());
  });
  await page.goto(url + hash);
  return page;
}

function documentOf(name) {
  const html = readFileSync(path.join(folder, name), "utf8");
  return JSON.parse(html.split('id="front-data">')[1].split("</script>")[0]);
}

const text = (page, selector) => page.locator(selector).innerText();
const traces = (page, id) => page.evaluate((chart) => document.getElementById(chart).data.map(
  ({ type, name, x, y, customdata, marker }) => ({ type, name, x: [...x], y: [...y], customdata, size: marker?.size })), id);
const axisTitle = (page, axis) => page.evaluate((name) => document.getElementById("front-chart").layout[name].title.text, axis);

// Clicks the marker of a candidate, found by its place in the chart's own coordinates.
async function clickMarker(page, key) {
  const place = await page.evaluate((wanted) => {
    const chart = document.getElementById("front-chart");
    const trace = chart.data.find(({ customdata }) => customdata?.includes(wanted));
    const i = trace.customdata.indexOf(wanted);
    const box = chart.querySelector(".nsewdrag").getBoundingClientRect();
    const { xaxis, yaxis } = chart._fullLayout;
    return { x: box.left + xaxis.d2p(trace.x[i]), y: box.top + yaxis.d2p(trace.y[i]) };
  }, key);
  await page.mouse.move(place.x, place.y);
  await page.waitForTimeout(100);
  await page.mouse.click(place.x, place.y);
}

const tests = [];
const test = (name, body) => tests.push({ name, body });

const result = documentOf("report.html");
const fp32 = result.baselines.find(({ name }) => name === "fp32");

// A point whose marker no other covers: the one farthest from its neighbours in the chart.
function lonelyPoint() {
  const all = [...result.points, ...result.baselines];
  const scaled = all.map(({ objectives }) => [Math.log(objectives.energy_pj), objectives.error * 10]);
  const distance = (i) => Math.min(...scaled.map(([x, y], j) => (i === j ? Infinity : Math.hypot(x - scaled[i][0], y - scaled[i][1]))));
  return result.points.map((point, i) => ({ point, far: distance(i) })).sort((a, b) => b.far - a.far)[0].point;
}

test("the page shows the front, the cloud and the baselines", async () => {
  const page = await open("report.html");
  assert.equal(await text(page, "h1"), result.name);
  const shown = await traces(page, "front-chart");
  const front = shown.find(({ name }) => name === "front");
  assert.deepEqual(front.customdata, result.points.map(({ id }) => id));
  front.x.forEach((x, i) => assert.ok(Math.abs(x - result.points[i].objectives.energy_pj / fp32.objectives.energy_pj) < 1e-12));
  front.y.forEach((y, i) => assert.ok(Math.abs(y - 100 * result.points[i].objectives.error) < 1e-9));
  assert.deepEqual(shown.find(({ name }) => name === "baselines").customdata, result.baselines.map(({ name }) => name));
  const finished = result.evaluations.filter(({ status }) => status === "finished").length;
  assert.equal(shown.find(({ name }) => name === "all evaluations").x.length, finished - result.points.length);
  assert.equal(await axisTitle(page, "xaxis"), "Energy of a training step, relative to fp32");
  await page.close();
});

test("a click on a point shows its formats, metrics and charts", async () => {
  const page = await open("report.html");
  const point = lonelyPoint();
  await clickMarker(page, point.id);
  await page.waitForFunction((heading) => document.getElementById("summary-heading").textContent === heading, `Point ${point.id}`);
  for (const [layer, roles] of Object.entries(point.assignment.layers)) {
    for (const [role, spelling] of Object.entries(roles)) {
      const cell = page.locator(`#format-grid [data-layer="${layer}"][data-role="${role}"]`);
      assert.equal(await cell.innerText(), spelling);
      assert.match(await cell.getAttribute("title"), new RegExp(`${result.formats[spelling].bits} bits$`));
    }
  }
  assert.deepEqual(JSON.parse(await page.locator("#assignment-text").textContent()), point.assignment);
  const metrics = await text(page, "#metrics");
  assert.ok(metrics.includes(`${(100 * point.metrics.validation_accuracy).toFixed(2)} %`), metrics);
  assert.ok(metrics.includes(`${(point.cost.energy_pj / fp32.cost.energy_pj).toPrecision(3)}×`), metrics);
  const losses = (await traces(page, "training-chart")).find(({ name }) => name === "training");
  assert.deepEqual(losses.y, point.metrics.epochs.map(({ training_loss }) => training_loss));
  assert.equal(await page.locator("#front-table tr.selected").getAttribute("data-key"), point.id);
  assert.ok(page.url().endsWith(`#${point.id}`));
  await page.close();
});

test("numeric events are shown as shares, the largest first", async () => {
  const point = result.points[2];
  const page = await open("report.html", `#${point.id}`);
  const rows = await page.locator("#event-table tbody tr").evaluateAll((list) => list.map((row) => [...row.children].map((cell) => cell.textContent)));
  const shares = rows.map((cells) => Math.max(...cells.slice(3).map((text) => (text.endsWith(" %") ? parseFloat(text) : 0))));
  assert.ok(rows.length > 10);
  assert.deepEqual(shares, [...shares].sort((a, b) => b - a));
  for (const [layer, role, format, overflow, underflow, subnormal, nan, swamped] of rows) {
    const [, counts] = Object.entries(point.metrics.events.layers[layer]).find(([name]) => name.replace(/[._]/g, " ") === role);
    const percent = (count, all) => `${((100 * count) / all).toFixed(2)} %`;
    assert.ok(counts, `${layer}, ${role}`);
    assert.ok(format.length > 0);
    assert.equal(overflow, "–");
    assert.equal(nan, "–");
    if ("values" in counts) {
      assert.deepEqual([underflow, subnormal, swamped], [percent(counts.underflows, counts.values), percent(counts.subnormals, counts.values), ""]);
    } else {
      assert.deepEqual([underflow, subnormal, swamped], ["–", "", percent(counts.swamped, counts.addends)]);
    }
  }
  await page.close();
});

test("the energies of each chart add up to the point's energy", async () => {
  const point = result.points[3];
  const page = await open("report.html", `#${point.id}`);
  assert.equal(await text(page, "#summary-heading"), `Point ${point.id}`);
  const unit = await page.evaluate(() => document.getElementById("phase-chart").layout.xaxis.title.text);
  assert.equal(unit, "Energy (µJ)");
  for (const chart of ["component-chart", "phase-chart", "layer-chart"]) {
    const shown = await traces(page, chart);
    const sum = shown.filter(({ type }) => type === "bar").flatMap(({ x }) => x).reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(sum - point.cost.energy_pj * 1e-6) < 1e-6 * sum, `${chart}: ${sum} of ${point.cost.energy_pj * 1e-6}`);
    const marks = shown.find(({ type }) => type === "scatter");
    const markSum = marks.x.reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(markSum - fp32.cost.energy_pj * 1e-6) < 1e-6 * markSum, `${chart}: marks of fp32`);
  }
  await page.close();
});

test("the axes, their scales, the colours and the cloud can be chosen", async () => {
  const page = await open("report.html");
  await page.selectOption("#axis-x", "latency_s");
  assert.match(await axisTitle(page, "xaxis"), /^Latency of a training step/);
  await page.selectOption("#axis-y", "test_error");
  assert.equal(await axisTitle(page, "yaxis"), "Test error (%)");
  assert.equal((await traces(page, "front-chart"))[0].x.length, 0, "evaluations have no test error");
  await page.selectOption("#axis-y", "error");
  await page.uncheck("#show-cloud");
  assert.equal((await traces(page, "front-chart"))[0].x.length, 0);
  await page.check("#log-y");
  assert.equal(await page.evaluate(() => document.getElementById("front-chart").layout.yaxis.type), "log");
  await page.selectOption("#axis-size", "energy_pj");
  assert.ok(new Set((await traces(page, "front-chart")).find(({ name }) => name === "front").size).size > 5);
  await page.selectOption("#axis-colour", "");
  assert.equal(await page.locator("#front-chart .cbtitle").count(), 0);
  await page.selectOption("#reference", "amp-bf16");
  assert.match(await axisTitle(page, "xaxis"), /relative to amp-bf16$/);
  assert.match(await text(page, "#headline"), /less energy than amp-bf16/);
  await page.selectOption("#reference", "");
  assert.match(await axisTitle(page, "xaxis"), /\(µs\)$/);
  await page.close();
});

test("the table sorts, and the keyboard reaches its rows", async () => {
  const page = await open("report.html");
  const column = page.locator("#front-table thead button", { hasText: "energy" }).first();
  await column.click();
  await column.click();
  const header = page.locator("#front-table thead th").nth(3);
  assert.equal(await header.getAttribute("aria-sort"), "descending");
  const keys = await page.locator("#front-table tbody:last-child tr").evaluateAll((rows) => rows.map(({ dataset }) => dataset.key));
  const expected = [...result.points].sort((a, b) => b.objectives.energy_pj - a.objectives.energy_pj).map(({ id }) => id);
  assert.deepEqual(keys, expected);
  await page.locator(`#front-table button[data-key="${keys[2]}"]`).focus();
  await page.keyboard.press("Enter");
  assert.equal(await text(page, "#summary-heading"), `Point ${keys[2]}`);
  await page.click("#next-point");
  assert.equal(await text(page, "#summary-heading"), `Point ${keys[3]}`);
  await page.close();
});

test("accuracy can be shown in the place of loss, and the theme changed", async () => {
  const page = await open("report.html", `#${result.points[0].id}`);
  await page.click("#show-accuracy");
  const shown = (await traces(page, "training-chart")).find(({ name }) => name === "validation");
  assert.deepEqual(shown.y, result.points[0].metrics.epochs.map(({ validation_accuracy }) => validation_accuracy * 100));
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = await background();
  await page.click("#theme-button");
  assert.notEqual(await background(), before);
  await page.close();
});

test("the page fits a telephone", async () => {
  const page = await open("report.html");
  await page.setViewportSize({ width: 390, height: 800 });
  await page.waitForTimeout(300);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 390);
  await page.close();
});

test("odd names are shown as they are, and an interruption is told", async () => {
  const page = await open("odd.html");
  assert.equal(await text(page, "h1"), documentOf("odd.html").name);
  assert.match(await text(page, "#notice"), /interrupted/);
  assert.match(await text(page, "#format-grid"), /<i>conv<\/i>\/1/);
  await page.close();
});

test("a search without results still has a page", async () => {
  const page = await open("empty.html");
  assert.match(await text(page, "#notice"), /no front yet/);
  await page.close();
});

test("without the charting library there are tables, and a word about it", async () => {
  const [before, after] = readFileSync(path.join(folder, "report.html"), "utf8").split(/(?<=id="front-data">[^<]*<\/script>)/);
  writeFileSync(path.join(folder, "tables.html"), before + after.replace(/<script>[^]*?<\/script>/, "<script></script>"));
  const page = await open("tables.html");
  assert.match(await text(page, "#notice"), /without its charting library/);
  await page.locator('#front-table tbody:last-child button').nth(1).click();
  assert.equal(await text(page, "#summary-heading"), `Point ${result.points[1].id}`);
  assert.equal(await page.locator("#front-chart").isVisible(), false);
  await page.close();
});

let failed = 0;
for (const { name, body } of tests) {
  try {
    await body();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}
try {
  assert.deepEqual(complaints, [], "the console must stay empty");
  assert.deepEqual(requests, [], "nothing may be loaded");
  console.log("ok      no page complained or asked for anything");
} catch (error) {
  failed += 1;
  console.log(`FAILED  ${error.message}`);
}
await context.close();
rmSync(profile, { recursive: true, force: true });
console.log(`${tests.length + 1 - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
