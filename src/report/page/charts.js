// What all charts share: colours, fonts, the frame of a layout.

const hasCharts = typeof Plotly !== "undefined";

// Okabe & Ito's eight colours, told apart with every kind of colour vision.
const kPalette = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999"];
const kComponentColours = {
  multiplier: "#0072B2", accumulator: "#56B4E9", converter: "#CC79A7", scratchpad: "#009E73",
  registers: "#999933", accumulator_memory: "#F0E442", dram: "#D55E00", host_core: "#E69F00", leakage: "#999999",
};
const componentColours = result.cost_axes.components.map((name, i) => kComponentColours[name] ?? kPalette[i % kPalette.length]);
const phaseColours = result.cost_axes.phases.map((name, i) => kPalette[i % kPalette.length]);

// Anchors of the viridis map (van der Walt & Smith, CC0): even steps of lightness for every kind of colour vision.
const kViridis = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];
const kFrontScale = kViridis.map((colour, i) => [i / (kViridis.length - 1), colour]);

function channels(colour) {
  return [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
}

// The colour at `t` in [0, 1] of a list of equally spaced anchors.
function interpolated(anchors, t) {
  const place = Math.max(0, Math.min(1, t)) * (anchors.length - 1);
  const left = Math.min(Math.floor(place), anchors.length - 2);
  const [from, to] = [channels(anchors[left]), channels(anchors[left + 1])];
  return "#" + from.map((value, i) => Math.round(value + (to[i] - value) * (place - left)).toString(16).padStart(2, "0")).join("");
}

// Relative luminance (WCAG 2.1), for choosing black or white text on a colour.
function luminance(colour) {
  const [r, g, b] = channels(colour).map((value) => {
    const level = value / 255;
    return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function textColourOn(colour) {
  return luminance(colour) > 0.179 ? "#000000" : "#ffffff";
}

// Few bits are yellow, 32 are violet (not the darkest, which vanishes on a dark page); equal ratios are equal steps.
function bitsColour(bits) {
  return bits === null ? null : interpolated(kViridis, 1 - 0.93 * (Math.log2(Math.max(1, bits)) - 1) / 4);
}

function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function axis(title, more = {}) {
  return {
    title: { text: title, standoff: 10, font: { size: 13 } },
    gridcolor: themeColour("grid"),
    linecolor: themeColour("line"),
    zeroline: false,
    showline: false,
    ticks: "outside",
    ticklen: 4,
    tickcolor: themeColour("line"),
    ticklabelstandoff: 2,
    automargin: true,
    ...more,
  };
}

function frame(more = {}) {
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: themeColour("ink-soft") },
    margin: { l: 8, r: 8, t: 8, b: 8 },
    hoverlabel: {
      bgcolor: themeColour("raised"), bordercolor: themeColour("line"), align: "left",
      font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: themeColour("ink") },
    },
    legend: { orientation: "h", yanchor: "bottom", y: 1.02, xanchor: "left", x: 0, traceorder: "normal", font: { size: 12 } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: themeColour("ink-faint"), activecolor: themeColour("accent") },
    barmode: "stack",
    bargap: 0.32,
    ...more,
  };
}

const kConfig = {
  responsive: true,
  displaylogo: false,
  displayModeBar: false,
  doubleClick: "reset",
};
const kFrontConfig = {
  ...kConfig,
  displayModeBar: "hover",
  modeBarButtons: [["toImage"], ["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "autoScale2d", "resetScale2d"]],
  toImageButtonOptions: { format: "svg", filename: "front" },
};

function isNarrow(id) {
  return byId(id).clientWidth < 560;
}

function draw(id, traces, layout, config = kConfig) {
  if (!hasCharts) return;
  Plotly.react(id, traces, layout, config);
}

// Height that gives each of `rows` bars the same room.
function heightForBars(rows) {
  return 64 + 30 * rows;
}
