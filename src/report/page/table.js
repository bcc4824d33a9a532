// The table of all points.

// Columns: {title, value(item) to sort by, text(item)}.
const tableColumns = (() => {
  const columns = [
    { title: "point", value: (item) => candidates.indexOf(item), text: (item) => item.label },
    { title: "validation", value: ({ metrics }) => metrics.validation_accuracy, text: ({ metrics }) => quantity(metrics.validation_accuracy, "1") },
  ];
  if (candidates.some(({ metrics }) => metrics.test_accuracy !== null)) {
    columns.push({ title: "test", value: ({ metrics }) => metrics.test_accuracy, text: ({ metrics }) => quantity(metrics.test_accuracy, "1") });
  }
  for (const measure of costMeasures) {
    const name = measure.title.split(" ")[0];
    columns.push({ title: name, hint: measure.title, value: measure.of, text: (item) => quantity(measure.of(item), measure.unit) });
    columns.push({
      title: `${name} ÷`, hint: `${measure.title}, relative`, isRelative: true, value: measure.of,
      text: (item) => (reference() ? ratioText(measure.of(item), measure.of(reference())) : "–"),
    });
  }
  return columns;
})();

// Formats at a glance: a column a layer, a row a role, coloured as in the grid.
function fingerprint(item) {
  const canvas = element("canvas", { width: layerNames.length, height: roleNames.length, class: "fingerprint", "aria-hidden": "true" });
  canvas.style.width = `${Math.min(150, 9 * layerNames.length)}px`;
  const context = canvas.getContext("2d");
  layerNames.forEach((layer, x) => roleNames.forEach((role, y) => {
    const spelling = item.assignment.layers[layer]?.[role];
    context.fillStyle = (spelling && bitsColour(bitsOf(spelling))) || "#888888";
    context.fillRect(x, y, 1, 1);
  }));
  return canvas;
}

function tableHead() {
  const row = element("tr");
  tableColumns.forEach((column, i) => {
    const isSorted = state.sort.column === i;
    const button = element("button", { type: "button", title: column.hint ?? false },
      column.isRelative ? `÷ ${reference()?.label ?? ""}` : column.title,
      element("span", { class: "arrow", "aria-hidden": "true" }, isSorted ? (state.sort.descending ? " ↓" : " ↑") : ""));
    button.addEventListener("click", () => {
      state.sort = { column: i, descending: isSorted && !state.sort.descending };
      showTable();
      byId("front-table").querySelectorAll("thead button")[i].focus();
    });
    row.append(element("th", { scope: "col", "aria-sort": isSorted ? (state.sort.descending ? "descending" : "ascending") : "none" }, button));
  });
  row.append(element("th", { scope: "col" }, "formats"));
  return element("thead", {}, row);
}

function tableRow(item) {
  const isSelected = item.key === state.selected;
  const button = element("button", { type: "button", class: "row-button", "data-key": item.key, "aria-pressed": String(isSelected) }, item.label);
  const row = element("tr", { class: isSelected ? "selected" : "", "data-key": item.key },
    element("th", { scope: "row" }, button),
    ...tableColumns.slice(1).map((column) => element("td", {}, column.text(item))),
    element("td", { class: "fingerprint-cell" }, fingerprint(item)));
  row.addEventListener("click", () => select(item.key));
  return row;
}

function sorted(items) {
  const { value } = tableColumns[state.sort.column];
  const sign = state.sort.descending ? -1 : 1;
  const order = (item) => (isNumber(value(item)) ? value(item) * sign : Infinity);
  return [...items].sort((a, b) => order(a) - order(b));
}

function showTable() {
  byId("front-table").replaceChildren(tableHead(),
    element("tbody", { class: "baselines" }, ...sorted(baselines).map(tableRow)),
    element("tbody", {}, ...sorted(points).map(tableRow)));
}

function markSelectedRow() {
  for (const row of byId("front-table").querySelectorAll("tbody tr")) {
    const isSelected = row.dataset.key === state.selected;
    row.classList.toggle("selected", isSelected);
    row.querySelector("button").setAttribute("aria-pressed", String(isSelected));
  }
}
