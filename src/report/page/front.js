// The chart of the front.

const kBaselineSymbols = ["diamond", "square", "triangle-up", "cross", "star", "hexagon", "pentagon", "bowtie"];

// A measure as the chart shows it: relative to the reference for costs if there is one, else in its unit.
function axisOf(measure) {
  const base = reference();
  const isRelative = base !== undefined && measure.unit !== "1" && ratio(measure.of(base), measure.of(base)) === 1;
  if (isRelative) {
    const divisor = measure.of(base);
    return { show: (value) => (isNumber(value) ? value / divisor : null), title: `${measure.title}, relative to ${base.label}`, suffix: "×" };
  }
  const values = candidates.map((item) => measure.of(item));
  const { factor, symbol } = commonScale(values, measure.unit);
  return {
    show: (value) => (isNumber(value) ? value * factor : null),
    title: `${measure.title} (${symbol})`,
    suffix: symbol === "%" ? " %" : "",
  };
}

function describeForHover(item) {
  const base = reference();
  const lines = [`<b>${escapeHtml(item.label)}</b>`];
  for (const measure of measures) {
    const value = measure.of(item);
    if (!isNumber(value)) continue;
    const relative = base && base !== item && measure.unit !== "1" ? `  (${ratioText(value, measure.of(base))} ${escapeHtml(base.label)})` : "";
    lines.push(`${measure.title}: ${quantity(value, measure.unit)}${relative}`);
  }
  return lines.join("<br>");
}

function cloudTrace(xMeasure, yMeasure, xAxis, yAxis) {
  const onFront = new Set(points.map(({ evaluation }) => evaluation));
  const shown = !state.cloud || !xMeasure.ofEvaluation || !yMeasure.ofEvaluation ? [] : result.evaluations.filter(
    (evaluation) => evaluation.status === "finished" && !onFront.has(evaluation.id) &&
      isNumber(xMeasure.ofEvaluation(evaluation)) && isNumber(yMeasure.ofEvaluation(evaluation)));
  return {
    type: "scatter", mode: "markers", name: "all evaluations", showlegend: shown.length > 0,
    x: shown.map((evaluation) => xAxis.show(xMeasure.ofEvaluation(evaluation))),
    y: shown.map((evaluation) => yAxis.show(yMeasure.ofEvaluation(evaluation))),
    text: shown.map((evaluation) => `evaluation ${escapeHtml(shortId(evaluation.id))}<br>generation ${evaluation.generation}`),
    hovertemplate: "%{text}<extra></extra>",
    marker: { size: 5, color: themeColour("ink-faint"), opacity: 0.45 },
  };
}

// The points that no other beats in the two axes shown, as a staircase.
function stairsTrace(xAxis, yAxis, xMeasure, yMeasure) {
  const places = points
    .map((item) => ({ x: xAxis.show(xMeasure.of(item)), y: yAxis.show(yMeasure.of(item)) }))
    .filter(({ x, y }) => isNumber(x) && isNumber(y))
    .sort((a, b) => a.x - b.x || a.y - b.y);
  const kept = [];
  for (const place of places) {
    if (kept.length === 0 || place.y < kept[kept.length - 1].y) kept.push(place);
  }
  return {
    type: "scatter", mode: "lines", showlegend: false, hoverinfo: "skip",
    x: kept.map(({ x }) => x), y: kept.map(({ y }) => y),
    line: { shape: "hv", width: 1.5, color: themeColour("accent"), dash: "dot" },
  };
}

function markerSizes(items) {
  const measure = measureOf(state.size);
  if (!measure) return items.map(() => 12);
  const values = items.map((item) => measure.of(item) ?? 0);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return values.map((value) => 8 + 18 * (most > least ? (value - least) / (most - least) : 0.5));
}

function pointsTrace(xMeasure, yMeasure, xAxis, yAxis) {
  const colourMeasure = measureOf(state.colour);
  const colourAxis = colourMeasure ? axisOf(colourMeasure) : undefined;
  const colouring = colourAxis === undefined ? { color: themeColour("accent") } : {
    color: points.map((item) => colourAxis.show(colourMeasure.of(item))),
    colorscale: kFrontScale,
    colorbar: {
      thickness: 10, outlinewidth: 0, ticksuffix: colourAxis.suffix, tickfont: { size: 11 },
      ...(isNarrow("front-chart")
        ? { orientation: "h", y: -0.22, yanchor: "top", ypad: 0, nticks: 5, title: { text: colourAxis.title, side: "bottom", font: { size: 12 } } }
        : { xpad: 4, title: { text: colourAxis.title, side: "right", font: { size: 12 } } }),
    },
  };
  return {
    type: "scatter", mode: "markers", name: "front",
    x: points.map((item) => xAxis.show(xMeasure.of(item))),
    y: points.map((item) => yAxis.show(yMeasure.of(item))),
    customdata: points.map(({ key }) => key),
    text: points.map(describeForHover),
    hovertemplate: "%{text}<extra></extra>",
    marker: { size: markerSizes(points), opacity: 1, line: { width: 1, color: themeColour("marker-edge") }, ...colouring },
  };
}

// Places each baseline's label where it covers the fewest markers and earlier labels. Pixels are estimates: the
// chart's frame for its range, 7 by 14 pixels a letter.
const kLabelPlaces = [
  ["top center", -0.5, -1.4], ["bottom center", -0.5, 0.4], ["middle right", 0.1, -0.5], ["middle left", -1.1, -0.5],
  ["bottom right", 0.05, 0.3], ["top left", -1.05, -1.3], ["bottom left", -1.05, 0.3], ["top right", 0.05, -1.3],
];

function labelPlaces(xs, ys) {
  const scaled = (values, isLog, pixels) => {
    const shown = values.map((value) => (isLog ? Math.log10(value) : value));
    const known = shown.filter(isNumber);
    const [least, most] = [Math.min(...known), Math.max(...known)];
    return shown.map((value) => pixels * (most > least ? (value - least) / (most - least) : 0.5));
  };
  const [width, height] = [byId("front-chart").clientWidth * 0.72, byId("front-chart").clientHeight * 0.68];
  const across = scaled(xs, state.logX, width);
  const down = scaled(ys, state.logY, height).map((value) => height - value);
  const taken = across.map((x, i) => ({ left: x - 7, right: x + 7, top: down[i] - 7, bottom: down[i] + 7 }));
  return baselines.map((item, i) => {
    const length = 7 * item.label.length;
    const [x, y] = [across[points.length + i], down[points.length + i]];
    const boxes = kLabelPlaces.map(([place, dx, dy]) => {
      const left = x + dx * length + (dx > 0 ? 8 : dx < -1 ? -8 : 0);
      const box = { left, right: left + length, top: y + dy * 16, bottom: y + dy * 16 + 14 };
      const outside = Math.max(0, box.right - width - 15) + Math.max(0, -15 - box.left) + Math.max(0, box.bottom - height - 15);
      const hits = taken.filter((other) => other.left < box.right && other.right > box.left && other.top < box.bottom && other.bottom > box.top);
      return { place, box, cost: hits.length + outside };
    });
    const best = boxes.reduce((least, one) => (one.cost < least.cost ? one : least));
    taken.push(best.box);
    return best.place;
  });
}

function baselinesTrace(xMeasure, yMeasure, xAxis, yAxis) {
  return {
    type: "scatter", mode: "markers+text", name: "baselines", showlegend: baselines.length > 0,
    x: baselines.map((item) => xAxis.show(xMeasure.of(item))),
    y: baselines.map((item) => yAxis.show(yMeasure.of(item))),
    customdata: baselines.map(({ key }) => key),
    text: baselines.map(({ label }) => escapeHtml(label)),
    textposition: labelPlaces(
      [...points, ...baselines].map((item) => xAxis.show(xMeasure.of(item))),
      [...points, ...baselines].map((item) => yAxis.show(yMeasure.of(item)))),
    textfont: { size: 12, color: themeColour("ink") },
    cliponaxis: false,
    hovertext: baselines.map(describeForHover),
    hovertemplate: "%{hovertext}<extra></extra>",
    marker: {
      size: 11, symbol: baselines.map((item, i) => kBaselineSymbols[i % kBaselineSymbols.length]),
      color: themeColour("ink"), line: { width: 1, color: themeColour("card") },
    },
  };
}

function selectedTrace(xMeasure, yMeasure, xAxis, yAxis) {
  const item = candidate(state.selected);
  const shown = item ? [item] : [];
  return {
    type: "scatter", mode: "markers", showlegend: false, hoverinfo: "skip",
    x: shown.map((one) => xAxis.show(xMeasure.of(one))),
    y: shown.map((one) => yAxis.show(yMeasure.of(one))),
    marker: { size: 22, symbol: "circle-open", color: themeColour("ink"), line: { width: 2.5, color: themeColour("ink") } },
  };
}

// The range that shows the front and the baselines, with some room around; evaluations far off do not squeeze them. The
// chart's own "autoscale" button shows all.
function rangeOf(axisShown, measure, isLog) {
  const values = candidates.map((item) => axisShown.show(measure.of(item))).filter((value) => isNumber(value) && (value > 0 || !isLog));
  if (values.length < 2) return {};
  const places = values.map((value) => (isLog ? Math.log10(value) : value));
  const [least, most] = [Math.min(...places), Math.max(...places)];
  const room = 0.07 * (most - least);
  return room > 0 ? { range: [least - room, most + 1.2 * room] } : {};
}

function drawFront() {
  const [xMeasure, yMeasure] = [measureOf(state.x), measureOf(state.y)];
  const [xAxis, yAxis] = [axisOf(xMeasure), axisOf(yMeasure)];
  const arguments_ = [xMeasure, yMeasure, xAxis, yAxis];
  const traces = [
    cloudTrace(...arguments_), stairsTrace(xAxis, yAxis, xMeasure, yMeasure), selectedTrace(...arguments_),
    pointsTrace(...arguments_), baselinesTrace(...arguments_),
  ];
  const scale = (isLog) => (isLog ? { type: "log", exponentformat: "SI" } : { type: "linear" });
  const ticks = isNarrow("front-chart") ? { nticks: 5, tickangle: 0 } : {};
  const layout = frame({
    hovermode: "closest",
    dragmode: "zoom",
    clickmode: "event",
    // The zoom outlasts a click, but not another choice of axes.
    uirevision: [state.x, state.y, state.logX, state.logY, state.reference].join("|"),
    xaxis: axis(capitalised(xAxis.title), { ticksuffix: xAxis.suffix, ...ticks, ...scale(state.logX), ...rangeOf(xAxis, xMeasure, state.logX) }),
    yaxis: axis(capitalised(yAxis.title), { ticksuffix: yAxis.suffix, ...scale(state.logY), ...rangeOf(yAxis, yMeasure, state.logY) }),
  });
  draw("front-chart", traces, layout, kFrontConfig);
}
