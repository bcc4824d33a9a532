// Puts the page together and listens to its reader.

function showHeader() {
  const { model, data, status } = result;
  const file = model.file.split("/").pop();
  const samples = `${countText(data.training_samples)} training, ${countText(data.validation_samples)} validation and ${countText(data.test_samples)} test samples`;
  byId("subtitle").textContent = `${file}, ${model.layers.length} layers, trained on ${data.name}: ${samples}.`;
  const notices = [];
  if (status === "interrupted") notices.push("This search was interrupted; the front is what it had found. The same command resumes it.");
  if (points.length === 0) notices.push("No candidate has finished training, so there is no front yet.");
  if (!hasCharts) notices.push("This mantissa was built without its charting library, so the charts are missing. Install npm and build again.");
  byId("notice").textContent = notices.join(" ");
  byId("notice").hidden = notices.length === 0;
  showHeadline();
}

// The figures that a reader wants first. Those about one point select it.
function showHeadline() {
  const base = reference();
  const tiles = [];
  const costName = mainCost?.title.split(" ")[0] ?? "";
  for (const tolerance of [0.01, 0.03]) {
    const best = cheapestWithin(tolerance);
    const quotient = best && base ? ratio(mainCost.of(base), mainCost.of(best)) : null;
    if (quotient === null || tiles.some(({ key }) => key === best.key)) continue;
    tiles.push({ value: `${threeDigits(quotient)}×`, text: `less ${costName} than ${base.label} within ${tolerance * 100} point${tolerance > 0.01 ? "s" : ""} of its accuracy`, key: best.key });
  }
  const accurate = [...points].sort((a, b) => b.metrics.validation_accuracy - a.metrics.validation_accuracy)[0];
  if (accurate) tiles.push({ value: quantity(accurate.metrics.validation_accuracy, "1"), text: "best validation accuracy on the front", key: accurate.key });
  const { counts } = result;
  const diverged = counts.diverged ? `; ${countText(counts.diverged)} diverged` : "";
  tiles.push({
    value: String(points.length),
    text: `points from ${countText(counts.evaluations)} evaluations in ${countText(counts.generations)} generations${diverged}`,
  });
  byId("headline").replaceChildren(...tiles.map(({ value, text, key }) => {
    const content = [element("strong", {}, value), element("span", {}, text)];
    if (key) content.push(element("em", {}, key));
    const body = key ? element("button", { type: "button" }, ...content) : element("div", {}, ...content);
    if (key) body.addEventListener("click", () => select(key));
    return element("li", {}, body);
  }));
}

function drawHypervolume() {
  const volumes = result.hypervolume.by_generation;
  draw("hypervolume-chart", [{
    type: "scatter", mode: "lines+markers", x: volumes.map((volume, generation) => generation), y: volumes.map((volume) => 100 * volume),
    line: { color: themeColour("accent"), width: 2, shape: "hv" }, marker: { size: 6 },
    hovertemplate: "generation %{x}: %{y:.4~g} %<extra></extra>",
  }], frame({
    height: 300,
    xaxis: axis("Generation", { dtick: volumes.length <= 16 ? 1 : undefined }),
    yaxis: axis("Hypervolume (%)"),
  }));
}

function showProvenance() {
  const { tool, model, data, run, counts, seeds, hypervolume } = result;
  const corner = result.objectives.map(({ name, unit }) => quantity(hypervolume.reference_point[name], unit)).join(", ");
  const facts = [
    ["Program", `${tool.name} ${tool.version}, revision ${tool.git_revision}, ${tool.compiler}`],
    ["Machine", `${run.machine.cpu}, ${run.machine.threads} thread${run.machine.threads === 1 ? "" : "s"}, ${run.machine.os}`],
    ["Made", `${run.created.replace("T", " ").replace("Z", " UTC")}, in ${durationText(run.elapsed_seconds)}${run.resumed_evaluations ? `, ${countText(run.resumed_evaluations)} evaluations resumed` : ""}`],
    ["Model", `${model.file}, SHA-256 ${model.sha256}`],
    ["Data", `${data.description}, SHA-256 ${data.sha256}`],
    ["Seeds", seeds.join(", ")],
    ["Search", `${countText(counts.evaluations)} evaluations, ${countText(counts.cache_hits)} proposals met again, ${countText(counts.diverged)} diverged; ${result.status}`],
    ["Reference point", corner],
  ];
  byId("provenance").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  byId("scenario-text").textContent = JSON.stringify(result.scenario, null, 2);
}

function select(key) {
  state.selected = key;
  try {
    history.replaceState(null, "", `#${encodeURIComponent(key)}`);
  } catch {
    // Some viewers forbid it; a link to the point is then not to be had.
  }
  drawFront();
  showSelected();
  markSelectedRow();
}

// Steps through the candidates in the order of the table.
function step(offset) {
  const order = [...sorted(baselines), ...sorted(points)];
  const at = order.findIndex(({ key }) => key === state.selected);
  if (order.length > 0) select(order[(at + offset + order.length) % order.length].key);
}

function redraw() {
  drawFront();
  showSelected();
  drawHypervolume();
}

function fillSelect(id, options, value, change) {
  byId(id).replaceChildren(...options.map(([key, title]) => element("option", { value: key, selected: key === value }, title)));
  byId(id).addEventListener("change", (event) => change(event.target.value));
}

function listenToControls() {
  const axes = measures.map(({ key, title }) => [key, title]);
  const change = (key) => (value) => { state[key] = value; drawFront(); };
  fillSelect("axis-x", axes, state.x, change("x"));
  fillSelect("axis-y", axes, state.y, change("y"));
  fillSelect("axis-colour", [["", "none"], ...axes], state.colour, change("colour"));
  fillSelect("axis-size", [["", "none"], ...axes], state.size, change("size"));
  fillSelect("reference", [...baselines.map(({ key, label }) => [key, label]), ["", "nothing"]], state.reference, (value) => {
    state.reference = value;
    showHeadline();
    showTable();
    redraw();
  });
  for (const [id, key] of [["log-x", "logX"], ["log-y", "logY"], ["show-cloud", "cloud"]]) {
    byId(id).checked = state[key];
    byId(id).addEventListener("change", (event) => { state[key] = event.target.checked; drawFront(); });
  }
  for (const shown of ["loss", "accuracy"]) {
    byId(`show-${shown}`).addEventListener("click", () => {
      state.training = shown;
      for (const other of ["loss", "accuracy"]) byId(`show-${other}`).setAttribute("aria-pressed", String(other === shown));
      showSelected();
    });
  }
  byId("previous-point").addEventListener("click", () => step(-1));
  byId("next-point").addEventListener("click", () => step(1));
  byId("copy-assignment").addEventListener("click", copyAssignment);
}

async function copyAssignment() {
  const text = byId("assignment-text");
  const button = byId("copy-assignment");
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(text);
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

// The page takes the system's theme, and the button's until the system changes again.
function listenToTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const page = document.documentElement;
  const follow = () => { page.dataset.theme = system.matches ? "dark" : "light"; };
  follow();
  byId("theme-button").addEventListener("click", () => {
    page.dataset.theme = page.dataset.theme === "dark" ? "light" : "dark";
    redraw();
  });
  system.addEventListener("change", () => { follow(); redraw(); });
}

function start() {
  document.documentElement.classList.toggle("without-charts", !hasCharts);
  const wanted = decodeURIComponent(location.hash.slice(1));
  const first = candidate(wanted) ?? cheapestWithin(0.01) ?? points[0] ?? baselines[0];
  state.selected = first?.key ?? "";
  listenToTheme();
  showHeader();
  listenToControls();
  showTable();
  showProvenance();
  redraw();
  if (hasCharts) {
    byId("front-chart").on("plotly_click", (event) => {
      const key = event.points.map(({ customdata }) => customdata).find((value) => value !== undefined);
      if (key !== undefined) select(key);
    });
  }
  addEventListener("hashchange", () => {
    const key = decodeURIComponent(location.hash.slice(1));
    if (candidate(key) && key !== state.selected) select(key);
  });
}

start();
