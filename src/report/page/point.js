// Everything about the candidate that is selected: metrics, formats, energy, training.

// Rows of the summary: [name, value, how it stands to the reference, "better" | "worse" | ""].
function metricRows(item) {
  const base = reference();
  const compared = base && base !== item;
  const rows = [];
  const accuracy = (name, value, spread, baseValue) => {
    if (!isNumber(value)) return;
    const text = quantity(value, "1") + (item.metrics.runs > 1 ? ` ± ${(spread * 100).toFixed(2)}` : "");
    const difference = compared && isNumber(baseValue) ? value - baseValue : null;
    rows.push([name, text, difference === null ? "" : pointsText(difference), difference > 0 ? "better" : difference < -0.01 ? "worse" : ""]);
  };
  accuracy("validation accuracy", item.metrics.validation_accuracy, item.metrics.validation_spread, base?.metrics.validation_accuracy);
  accuracy("test accuracy", item.metrics.test_accuracy, item.metrics.test_spread, base?.metrics.test_accuracy);
  for (const measure of costMeasures) {
    const value = measure.of(item);
    if (!isNumber(value)) continue;
    const quotient = compared ? ratio(value, measure.of(base)) : null;
    rows.push([measure.title, quantity(value, measure.unit), quotient === null ? "" : ratioText(value, measure.of(base)),
      quotient === null || quotient === 1 ? "" : quotient < 1 ? "better" : "worse"]);
  }
  rows.push(["steps trained", countText(item.metrics.steps) + (item.metrics.skipped_steps ? `, ${countText(item.metrics.skipped_steps)} skipped` : ""), "", ""]);
  if (item.metrics.final_loss_scale !== 1 && isNumber(item.metrics.final_loss_scale)) {
    rows.push(["final loss scale", countText(item.metrics.final_loss_scale), "", ""]);
  }
  const seconds = result.run.evaluation_seconds[item.evaluation];
  if (isNumber(seconds)) rows.push(["emulated in", durationText(seconds), "", ""]);
  return rows;
}

function showSummary(item) {
  byId("summary-heading").textContent = item.isBaseline ? item.label : `Point ${item.label}`;
  const base = reference();
  const status = item.metrics.status === "finished" ? "" : `Training ${item.metrics.status}: ${item.metrics.status_reason}. `;
  byId("summary-status").textContent = `${status}Evaluation ${shortId(item.evaluation)}${base && base !== item ? `, beside ${base.label}` : ""}.`;
  byId("summary-status").title = item.evaluation;
  byId("metrics").replaceChildren(...metricRows(item).map(([name, value, relation, verdict]) => element(
    "tr", {}, element("th", { scope: "row" }, name), element("td", {}, value), element("td", { class: `relation ${verdict}` }, relation))));
}

// "mac.forward" -> "forward", under the heading of its group.
function roleHeading(role) {
  return words(role.replace(/^mac\./, ""));
}

// Roles by heading; a narrow empty column stands between the two groups.
const roleGroups = [
  ["Tensors", roleNames.filter((role) => !role.startsWith("mac."))],
  ["Multiply-accumulate", roleNames.filter((role) => role.startsWith("mac."))],
].filter(([, roles]) => roles.length > 0);

function gridRow(first, cellsOfGroup) {
  const row = element("tr", {}, first);
  roleGroups.forEach((group, i) => {
    if (i > 0) row.append(element("td", { class: "gap" }));
    row.append(...cellsOfGroup(group));
  });
  return row;
}

function gridHead() {
  return element("thead", {},
    gridRow(element("td"), ([heading, roles]) => [element("th", { colspan: roles.length, scope: "colgroup" }, heading)]),
    gridRow(element("td"), ([, roles]) => roles.map((role) => element("th", { scope: "col" }, roleHeading(role)))));
}

function gridCell(layer, role, spelling) {
  const bits = spelling === undefined ? null : bitsOf(spelling);
  const colour = bitsColour(bits);
  const style = colour ? { backgroundColor: colour, color: textColourOn(colour) } : {};
  const title = spelling === undefined ? "" : `${layer}, ${words(role)}: ${spelling}${bits === null ? "" : `, ${bits} bits`}`;
  return element("td", { class: "format", style, title, "data-layer": layer, "data-role": role }, spelling ?? "");
}

function showFormats(item) {
  const body = element("tbody");
  for (const layer of layerNames) {
    const spellings = item.assignment.layers[layer] ?? {};
    const op = result.model.layers.find(({ name }) => name === layer)?.op ?? "";
    body.append(gridRow(element("th", { scope: "row" }, layer, " ", element("span", { class: "op" }, op)),
      ([, roles]) => roles.map((role) => gridCell(layer, role, spellings[role]))));
  }
  byId("format-grid").replaceChildren(gridHead(), body);
  byId("vector-format").textContent = `All other nodes compute in ${item.assignment.vector}.`;
  const shown = new Set(Object.values(item.assignment.layers).flatMap((roles) => Object.values(roles)).map(bitsOf).filter((bits) => bits !== null));
  byId("bits-legend").replaceChildren(...[...shown].sort((a, b) => a - b).map((bits) => element(
    "li", {}, element("span", { class: "swatch", style: { backgroundColor: bitsColour(bits) } }), `${bits} bits`)));
  byId("assignment-text").textContent = assignmentText(item.assignment);
}

// JSON with one line a layer.
function assignmentText(assignment) {
  const layers = Object.entries(assignment.layers).map(([layer, roles]) => {
    const entries = Object.entries(roles).map(([role, spelling]) => `${JSON.stringify(role)}: ${JSON.stringify(spelling)}`);
    return `    ${JSON.stringify(layer)}: {${entries.join(", ")}}`;
  });
  return `{\n  "vector": ${JSON.stringify(assignment.vector)},\n  "layers": {\n${layers.join(",\n")}\n  }\n}`;
}

// Coloured squares with names and, where the chart has them, the mark of the reference.
function showLegend(id, entries, markName) {
  const items = entries.map(([name, colour]) => element("li", {}, element("span", { class: "swatch", style: { backgroundColor: colour } }), name));
  if (markName) items.push(element("li", {}, element("span", { class: "mark" }), markName));
  byId(id).replaceChildren(...items);
}

// Stacked horizontal bars: `rows` down, `parts` stacked, `amount(row, part)`; `marks[row]` is the reference's total.
function drawBars(id, { rows, parts, colours, amount, marks, unit, title, height }) {
  const totals = rows.map((row, r) => parts.reduce((sum, part, p) => sum + amount(r, p), 0));
  const { factor, symbol } = commonScale([...totals, ...(marks ?? [])], unit);
  const traces = parts.map((part, p) => ({
    type: "bar", orientation: "h", name: words(part), y: rows, x: rows.map((row, r) => amount(r, p) * factor),
    customdata: rows.map((row, r) => (totals[r] > 0 ? `${(100 * amount(r, p) / totals[r]).toFixed(1)} % of ${quantity(totals[r], unit)}` : "")),
    hovertemplate: `%{y}, ${words(part)}: %{x:.3~g} ${symbol}<br>%{customdata}<extra></extra>`,
    marker: { color: colours[p], line: { width: 0.5, color: themeColour("card") } },
  })).filter((trace) => trace.x.some((value) => value > 0));
  showLegend(`${id.replace("-chart", "")}-legend`, traces.map(({ name, marker }) => [name, marker.color]), marks ? reference().label : "");
  if (marks) {
    const base = reference();
    traces.push({
      type: "scatter", mode: "markers", name: escapeHtml(base.label), y: rows, x: marks.map((value) => value * factor),
      customdata: marks.map((value, r) => ratioText(totals[r], value)),
      hovertemplate: `%{y}, ${escapeHtml(base.label)}: %{x:.3~g} ${symbol}<br>here %{customdata} of it<extra></extra>`,
      marker: { symbol: "line-ns-open", size: 16, line: { width: 2.5, color: themeColour("ink") }, color: themeColour("ink") },
    });
  }
  draw(id, traces, frame({
    height: height ?? heightForBars(rows.length), showlegend: false,
    xaxis: axis(`${title} (${symbol})`, { rangemode: "tozero" }),
    yaxis: axis("", { range: [rows.length - 0.5, -0.5], gridcolor: "rgba(0,0,0,0)", ticks: "", ticklabelstandoff: 8, type: "category", tickfont: { size: 12 } }),
  }));
}

// Rows of the charts by layer: each layer, and all other nodes together.
function nodeGroups(item) {
  const groups = [];
  const others = [];
  item.cost.nodes.forEach((node, n) => (node.is_layer ? groups.push({ name: node.node, nodes: [n] }) : others.push(n)));
  if (others.length > 0) groups.push({ name: "all other nodes", nodes: others });
  return groups;
}

function drawEnergy(item) {
  const { phases, components } = result.cost_axes;
  const base = reference() === item ? undefined : reference();
  const marks = (count, keep) => (base ? Array.from({ length: count }, (_, i) => energySum(base, keep(i))) : undefined);
  const usedComponents = components.map((name, c) => c).filter((c) => [item, base].some((one) => one && energySum(one, (n, p, k) => k === c) > 0));
  const height = heightForBars(Math.max(6, usedComponents.length));
  drawBars("component-chart", {
    rows: usedComponents.map((c) => words(components[c])), parts: phases, colours: phaseColours,
    amount: (r, p) => energySum(item, (n, phase, c) => c === usedComponents[r] && phase === p),
    marks: marks(usedComponents.length, (i) => (n, p, c) => c === usedComponents[i]),
    unit: "pJ", title: "Energy", height,
  });
  drawBars("phase-chart", {
    rows: phases.map(words), parts: components, colours: componentColours,
    amount: (r, c) => energySum(item, (n, phase, component) => phase === r && component === c),
    marks: marks(phases.length, (i) => (n, p) => p === i),
    unit: "pJ", title: "Energy", height,
  });
  const groups = nodeGroups(item);
  drawBars("layer-chart", {
    rows: groups.map(({ name }) => name), parts: components, colours: componentColours,
    amount: (r, c) => energySum(item, (n, p, component) => component === c && groups[r].nodes.includes(n)),
    marks: marks(groups.length, (i) => (n) => groups[i].nodes.includes(n)),
    unit: "pJ", title: "Energy",
  });
  const cycles = (one, r, p) => groups[r].nodes.reduce((sum, n) => sum + (one.cost.nodes[n].latency_cycles[p] ?? 0), 0);
  drawBars("latency-chart", {
    rows: groups.map(({ name }) => name), parts: phases, colours: phaseColours,
    amount: (r, p) => cycles(item, r, p),
    marks: base ? groups.map((group, r) => phases.reduce((sum, phase, p) => sum + cycles(base, r, p), 0)) : undefined,
    unit: "cycles", title: "Latency",
  });
}

function drawTraining(item) {
  const quantityShown = state.training;
  const base = reference() === item ? undefined : reference();
  const factor = quantityShown === "accuracy" ? 100 : 1;
  const suffix = quantityShown === "accuracy" ? " %" : "";
  const curve = (one, split, line) => ({
    type: "scatter", mode: one.metrics.epochs.length > 30 ? "lines" : "lines+markers",
    name: one === item ? split : escapeHtml(`${split}, ${one.label}`),
    x: one.metrics.epochs.map(({ epoch }) => epoch),
    y: one.metrics.epochs.map((epoch) => (epoch[`${split}_${quantityShown}`] ?? NaN) * factor),
    line: { width: 2, ...line }, marker: { size: 6 },
    hovertemplate: `epoch %{x}: %{y:.4~g}${suffix}<extra>%{fullData.name}</extra>`,
  });
  const faint = themeColour("ink-faint");
  const traces = [curve(item, "training", { color: kPalette[0] }), curve(item, "validation", { color: kPalette[5] })];
  if (base) traces.push(curve(base, "training", { color: faint, dash: "dot" }), curve(base, "validation", { color: faint, dash: "dash" }));
  draw("training-chart", traces, frame({
    height: 250,
    xaxis: axis("Epoch", { dtick: item.metrics.epochs.length <= 12 ? 1 : undefined }),
    yaxis: axis(quantityShown === "accuracy" ? "Accuracy (%)" : "Loss (nats a sample)", { rangemode: quantityShown === "loss" ? "tozero" : "normal" }),
  }));
}

function showSelected() {
  const item = candidate(state.selected);
  if (!item) return;
  showSummary(item);
  showFormats(item);
  showEvents(item);
  drawEnergy(item);
  drawTraining(item);
}
