// What happened to the numbers of the selected candidate while it was trained.

const kMostEventRows = 60;

// Columns: [heading, hint, share of a role's events; null where it does not apply].
const share = (count, all) => (all > 0 ? count / all : 0);
const eventColumns = [
  ["overflow", "values, or additions, beyond the format's numbers", (e) => share(e.overflows, e.values ?? e.addends)],
  ["underflow", "not zero before rounding, zero after it; of sums: products that became zero", (e) => share(e.underflows, e.values ?? e.products)],
  ["subnormal", "values below the smallest normal number", (e) => ("values" in e ? share(e.subnormals, e.values) : null)],
  ["NaN", "values, or whole sums, that are NaN", (e) => share(e.nans, e.values ?? e.sums)],
  ["swamped", "addends that left the sum as it was", (e) => ("addends" in e ? share(e.swamped, e.addends) : null)],
];

function eventRows(item) {
  const { events } = item.metrics;
  const rows = [];
  const add = (layer, role, format, counts) => {
    const shares = eventColumns.map(([, , of]) => of(counts));
    const worst = Math.max(...shares);
    if (worst > 0) rows.push({ layer, role, format, shares, worst });
  };
  for (const [layer, roles] of Object.entries(events.layers)) {
    for (const [role, counts] of Object.entries(roles)) add(layer, role, item.assignment.layers[layer]?.[role] ?? "", counts);
  }
  add("all other nodes", "vector", item.assignment.vector, events.vector);
  return rows.sort((a, b) => b.worst - a.worst);
}

function shareText(value) {
  if (value === null) return "";
  if (value === 0) return "–";
  return value < 0.0001 ? "< 0.01 %" : `${(100 * value).toFixed(2)} %`;
}

// Deeper from 0.1 % to 100 %.
function shareCell(value) {
  const depth = value > 0.001 ? 0.1 + 0.15 * Math.log10(value / 0.001) : 0;
  return element("td", { style: depth > 0 ? { backgroundColor: `rgb(214 96 58 / ${depth.toFixed(3)})` } : {} }, shareText(value));
}

function showEvents(item) {
  const { events } = item.metrics;
  byId("events").hidden = !events;
  if (!events) return;
  const rows = eventRows(item);
  const left = rows.length - kMostEventRows;
  byId("events-hint").textContent = rows.length === 0
    ? "Nothing overflowed, was lost or became NaN."
    : `Shares in one of 16 training steps, the largest first${left > 0 ? `; ${left} more rows have less` : ""}. Of sums, those that were followed.`;
  byId("event-table").replaceChildren(
    element("thead", {}, element("tr", {}, ...["layer", "role", "format"].map((name) => element("th", { scope: "col" }, name)),
      ...eventColumns.map(([name, hint]) => element("th", { scope: "col", title: hint }, name)))),
    element("tbody", {}, ...rows.slice(0, kMostEventRows).map(({ layer, role, format, shares }) => element("tr", {},
      element("th", { scope: "row" }, layer), element("td", {}, words(role)), element("td", { class: "spelling" }, format), ...shares.map(shareCell)))));
  byId("event-table").hidden = rows.length === 0;
}
