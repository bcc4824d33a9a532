// Numbers for people: units, SI prefixes, ratios.

const kPrefixes = ["f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P"];

// Units of the document -> what a person reads. `scale` leads to the base unit, which takes SI prefixes.
const kUnits = {
  "1": { symbol: "%", scale: 100, prefixes: false },
  "pJ": { symbol: "J", scale: 1e-12, prefixes: true },
  "s": { symbol: "s", scale: 1, prefixes: true },
  "cycles": { symbol: "cycles", scale: 1, prefixes: true },
  "mm^2": { symbol: "mm²", scale: 1, prefixes: false },
};

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

// The prefix that leaves `value` between 1 and 1000, and the factor that leads there.
function prefixFor(value) {
  let power = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value) * 1.0005) / 3);
  power = Math.max(-5, Math.min(5, power));
  return { symbol: kPrefixes[power + 5], factor: 1000 ** -power };
}

function threeDigits(value) {
  const magnitude = Math.abs(value);
  return value.toFixed(magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : 2);
}

// A value in a unit of the document: (1.886e8, "pJ") -> "189 µJ".
function quantity(value, unit) {
  if (!isNumber(value)) return "–";
  const { symbol, scale, prefixes } = kUnits[unit];
  if (unit === "1") return `${(value * scale).toFixed(2)} %`;
  if (!prefixes) return `${threeDigits(value * scale)} ${symbol}`;
  const prefix = prefixFor(value * scale);
  const number = threeDigits(value * scale * prefix.factor);
  return symbol.length > 2 ? `${number} ${prefix.symbol}${prefix.symbol ? " " : ""}${symbol}`
                           : `${number} ${prefix.symbol}${symbol}`;
}

// One scale for many values of a unit, for a chart's axis: multiply by `factor`, label with `symbol`.
function commonScale(values, unit) {
  const { symbol, scale, prefixes } = kUnits[unit];
  const largest = Math.max(0, ...values.filter(isNumber).map((value) => Math.abs(value * scale)));
  if (!prefixes) return { factor: scale, symbol };
  const prefix = prefixFor(largest);
  return { factor: scale * prefix.factor, symbol: symbol.length > 2 && prefix.symbol ? `${prefix.symbol} ${symbol}` : prefix.symbol + symbol };
}

function ratio(value, reference) {
  return isNumber(value) && isNumber(reference) && reference !== 0 ? value / reference : null;
}

function ratioText(value, reference) {
  const quotient = ratio(value, reference);
  if (quotient === null) return "–";
  return `${quotient >= 1000 ? Math.round(quotient) : quotient.toPrecision(3)}×`;
}

// A difference of two fractions in percentage points, with its sign.
function pointsText(difference) {
  if (!isNumber(difference)) return "–";
  const points = (difference * 100).toFixed(2);
  return `${Number(points) === 0 ? "±" : Number(points) > 0 ? "+" : "−"}${Math.abs(Number(points)).toFixed(2)} pt`;
}

function durationText(seconds) {
  if (!isNumber(seconds)) return "–";
  if (seconds < 60) return quantity(seconds, "s");
  const whole = Math.round(seconds);
  const parts = [[Math.floor(whole / 3600), "h"], [Math.floor(whole / 60) % 60, "min"], [whole % 60, "s"]];
  return parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

function countText(count) {
  return count.toLocaleString("en-US").replaceAll(",", "\u202f");
}

// Names of the document for people: "backward_data" -> "backward data".
function words(name) {
  return name === "dram" ? "DRAM" : name.replaceAll("_", " ").replaceAll(".", " ");
}

// Enough of a hash to find it by.
function shortId(id) {
  return id.length > 16 ? `${id.slice(0, 12)}…` : id;
}

function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// Plotly reads a little HTML in labels; names must not be taken for it.
function escapeHtml(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
