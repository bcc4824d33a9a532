// The document and what can be asked of it.

function byId(id) {
  return document.getElementById(id);
}

// A new element: element("td", {class: "x", style: {...}}, "text", child, ...). Attributes that are false or null are left out.
function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "style") Object.assign(node.style, value);
    else if (value !== false && value !== null) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

const result = JSON.parse(byId("front-data").textContent);

// Points and baselines alike: {key, label, isBaseline, objectives, metrics, assignment, cost}.
const points = result.points.map((point) => ({ ...point, key: point.id, label: point.id, isBaseline: false }));
const baselines = result.baselines.map((point) => ({ ...point, key: point.name, label: point.name, isBaseline: true }));
const candidates = [...points, ...baselines];

function candidate(key) {
  return candidates.find((item) => item.key === key);
}

// What can be plotted: {key, title, unit, of(candidate), ofEvaluation(evaluation) or null}.
const measures = result.objectives.map(({ name, description, unit }) => ({
  key: name,
  title: description,
  unit,
  isObjective: true,
  of: (item) => item.objectives[name],
  ofEvaluation: (evaluation) => evaluation.objectives[name],
}));

function addMeasure(key, title, unit, of) {
  const isNew = !measures.some((measure) => measure.key === key || measure.title === title);
  if (isNew && candidates.some((item) => isNumber(of(item)) && of(item) > 0)) {
    measures.push({ key, title, unit, isObjective: false, of, ofEvaluation: null });
  }
}

addMeasure("test_error", "test error", "1", ({ metrics }) => (metrics.test_accuracy === null ? null : 1 - metrics.test_accuracy));
if (!result.objectives.some(({ unit }) => unit === "pJ")) {
  addMeasure("energy_pj", "energy of a training step", "pJ", ({ cost }) => cost.energy_pj);
}
if (!result.objectives.some(({ unit }) => unit === "s" || unit === "cycles")) {
  addMeasure("latency_seconds", "latency of a training step", "s", ({ cost }) => cost.latency_seconds);
}
if (!result.objectives.some(({ unit }) => unit === "mm^2")) {
  addMeasure("area_mm2", "area of the accelerator", "mm^2", ({ cost }) => cost.area_mm2);
}

function measureOf(key) {
  return measures.find((measure) => measure.key === key);
}

const costMeasures = measures.filter(({ unit }) => unit !== "1");
const mainCost = costMeasures[0];

// What the controls and clicks have chosen. Charts are drawn from it alone.
const fractionObjective = result.objectives.find(({ unit }) => unit === "1") ?? result.objectives[0];
const otherObjectives = result.objectives.filter((objective) => objective !== fractionObjective);
const state = {
  x: (otherObjectives[0] ?? result.objectives[0]).name,
  y: fractionObjective.name,
  colour: otherObjectives[1]?.name ?? "",
  size: "",
  reference: (baselines.find(({ name }) => name === "fp32") ?? baselines[0])?.key ?? "",
  logX: false,  // set below where the costs span much
  logY: false,
  cloud: true,
  selected: "",
  training: "loss",
  sort: { column: 0, descending: false },
};

// On a linear axis a front that spans more than this factor crowds at one end.
const kCrowdedSpan = 3;
state.logX = (() => {
  const values = candidates.map(measureOf(state.x).of).filter((value) => isNumber(value) && value > 0);
  return values.length > 0 && Math.max(...values) > kCrowdedSpan * Math.min(...values);
})();

function reference() {
  return state.reference ? candidate(state.reference) : undefined;
}

// The bits of a spelling; null if the document does not tell.
function bitsOf(spelling) {
  return result.formats[spelling]?.bits ?? null;
}

const roleNames = (() => {
  const seen = new Set();
  for (const { assignment } of candidates) {
    for (const roles of Object.values(assignment.layers)) Object.keys(roles).forEach((role) => seen.add(role));
  }
  return [...seen];
})();

// Layers in order of execution, those of the model first known.
const layerNames = (() => {
  const seen = new Set(result.model.layers.map(({ name }) => name));
  for (const { assignment } of candidates) Object.keys(assignment.layers).forEach((layer) => seen.add(layer));
  return [...seen];
})();

// The cheapest point whose validation accuracy is within `tolerance` of the reference's.
function cheapestWithin(tolerance) {
  const base = reference();
  if (!base || !mainCost) return undefined;
  const least = base.metrics.validation_accuracy - tolerance;
  return points
    .filter((item) => item.metrics.validation_accuracy >= least && isNumber(mainCost.of(item)))
    .sort((a, b) => mainCost.of(a) - mainCost.of(b))[0];
}

// Energy of a candidate summed over what `keep(nodeIndex, phaseIndex, componentIndex)` picks, pJ.
function energySum({ cost }, keep) {
  let sum = 0;
  cost.nodes.forEach((node, n) => node.energy_pj.forEach((phase, p) => phase.forEach((energy, c) => {
    if (keep(n, p, c)) sum += energy ?? 0;
  })));
  return sum;
}
