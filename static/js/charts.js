// Draws each column of a table that says so (data-facet) as a chart of its own. The table is the one source: what has
// no figure there has no point. Series differ by shape and line, not by colour alone; nothing moves.
import { facetsOf } from "./chart_tables.js";

const SHAPES = ["circle", "triangle", "rect", "rectRot", "cross", "star"]; // as in templatetags/history.py
const DASHES = [[], [6, 4], [2, 3], [10, 4, 2, 4], [12, 3], [1, 5]];
const CAP = 4; // pixels on either side of a bar's end
const CLEARANCE = 10; // pixels beyond the frame in which a point at its edge is still drawn
const HIT = 12; // pixels around a point that count as pointing at it

const language = document.documentElement.lang;
const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });

// The design's colours are pairs for light and dark: only an element's computed colour tells which one holds.
const colourOf = (element, name) => {
  const probe = document.createElement("span");
  probe.className = name;
  probe.hidden = true;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};

const paletteOf = (element) => ({
  ink: colourOf(element, "soft"),
  line: getComputedStyle(element).borderTopColor,
  surface: getComputedStyle(element).backgroundColor,
  series: [0, 1, 2, 3].map((number) => colourOf(element, `series-${number}`)),
});

// The bars from the smallest to the largest value of each point.
const bars = {
  id: "bars",
  beforeDatasetsDraw(chart) {
    const { ctx, scales } = chart;
    chart.data.datasets.forEach((dataset, index) => {
      ctx.save();
      ctx.strokeStyle = dataset.borderColor;
      ctx.lineWidth = 1.5;
      chart.getDatasetMeta(index).data.forEach((drawn, place) => {
        const point = dataset.data[place];
        if (point.low !== undefined && point.high !== undefined) {
          const { x } = drawn;
          const [top, bottom] = [point.high, point.low].map((value) => scales.y.getPixelForValue(value));
          ctx.beginPath();
          ctx.moveTo(x - CAP, top);
          ctx.lineTo(x + CAP, top);
          ctx.moveTo(x, top);
          ctx.lineTo(x, bottom);
          ctx.moveTo(x - CAP, bottom);
          ctx.lineTo(x + CAP, bottom);
          ctx.stroke();
        }
      });
      ctx.restore();
    });
  },
};

const datasetOf = (series, palette, joined) => {
  const colour = palette.series[series.shape % palette.series.length];
  return {
    label: series.name,
    data: series.points,
    borderColor: colour,
    pointBackgroundColor: colour,
    pointStyle: SHAPES[series.shape % SHAPES.length],
    pointRadius: 6,
    pointHitRadius: HIT,
    borderWidth: 1,
    pointBorderWidth: 2,
    borderDash: DASHES[series.shape % DASHES.length],
    showLine: joined,
    clip: CLEARANCE,
  };
};

const optionsOf = (facet, palette) => ({
  animation: false,
  responsive: true,
  maintainAspectRatio: false,
  parsing: false,
  locale: language,
  font: { family: getComputedStyle(document.body).fontFamily },
  plugins: {
    legend: { display: false },
    tooltip: {
      callbacks: { title: ([one]) => one.raw.title, label: ({ raw, dataset }) => `${dataset.label}: ${raw.words}` },
    },
  },
  scales: {
    x: {
      type: "linear",
      min: facet.from,
      max: facet.to,
      grid: { display: false },
      border: { color: palette.line },
      ticks: { color: palette.ink, maxRotation: 45, callback: (value) => facet.places.get(value) ?? "" },
      afterBuildTicks: (axis) => {
        axis.ticks = [...facet.places.keys()].map((value) => ({ value }));
      },
    },
    y: {
      min: 0,
      max: facet.kind === "share" ? 1 : undefined,
      suggestedMax: 1,
      grid: { color: palette.line },
      border: { display: false },
      ticks: {
        color: palette.ink,
        precision: facet.kind === "share" ? undefined : 0,
        stepSize: facet.kind === "share" ? 0.25 : undefined,
        callback: (value) => (facet.kind === "share" ? percent : whole).format(value),
      },
    },
  },
});

const draw = (figure) => {
  const palette = paletteOf(figure);
    return facetsOf(figure, document.getElementById(figure.dataset.chart)).map((facet) => {
    const box = document.createElement("div");
    const title = document.createElement("p");
    const frame = document.createElement("div");
    const canvas = document.createElement("canvas");
    box.className = "facet";
    title.className = "facet-title";
    title.textContent = facet.title;
    frame.className = "facet-canvas";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", facet.alt);
    frame.append(canvas);
    box.append(title, frame);
    figure.querySelector("[data-facets]").append(box);
    const joined = figure.dataset.axis === "date" && facet.kind === "share";
    const datasets = facet.series.map((series) => datasetOf(series, palette, joined));
    const options = optionsOf(facet, palette);
    return new window.Chart(canvas, { type: "line", data: { datasets }, options, plugins: [bars] });
  });
};

let drawn = [];

const drawAll = () => {
  drawn.forEach((chart) => chart.destroy());
  document.querySelectorAll("[data-facets]").forEach((place) => place.replaceChildren());
  drawn = [...document.querySelectorAll("[data-chart]")].flatMap(draw);
};

// On paper the colours are the light ones, whatever the screen has.
const root = document.documentElement;
addEventListener("beforeprint", () => {
  root.style.colorScheme = "light";
  drawAll();
});
addEventListener("afterprint", () => {
  root.style.colorScheme = "";
  drawAll();
});

new MutationObserver(drawAll).observe(root, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
drawAll();
