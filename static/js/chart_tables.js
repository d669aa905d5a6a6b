// Reads charts out of a table: which columns are charts, which rows are points, and where they lie.

const DAY = 24 * 3600 * 1000;
const MARGIN = 0.06; // of the axis on either side
const APART = 0.012; // of the axis between series at one place, so that no point hides another

const number = (text) => (text === undefined || text === "" ? undefined : Number(text));

// Where rows lie on the axis: days by their distance, names one after the other.
const placesOf = (rows, axis) => {
  const places = new Map();
  rows.forEach((row) => {
    const key = row.dataset.at;
    if (!places.has(key)) {
      places.set(key, { value: axis === "date" ? Date.parse(key) : places.size, words: row.cells[0].textContent.trim() });
    }
  });
  return places;
};

const spanOf = (places, axis) => {
  const values = [...places.values()].map(({ value }) => value);
  const [first, last] = [Math.min(...values), Math.max(...values)];
  const smallest = axis === "date" ? 2 * DAY : 1;
  const margin = Math.max((last - first) * MARGIN, smallest / 2);
  return { from: first - margin, to: last + margin };
};

const pointOf = (row, column, at, title) => {
  const cell = row.cells[column];
  const { value, low, high } = cell.dataset;
  const words = cell.textContent.replace(/\s+/g, " ").trim();
  return { x: at, y: number(value), low: number(low), high: number(high), title, words };
};

/** The charts of a table: title, words for those who do not see it, kind of figure, axis, and points by series. */
export const facetsOf = (figure, table) => {
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => row.dataset.at);
  if (rows.length === 0) {
    return [];
  }
  const { axis } = figure.dataset;
  const places = placesOf(rows, axis);
  const { from, to } = spanOf(places, axis);
  const names = [...new Set(rows.map((row) => row.dataset.series ?? ""))];
  const shift = (name) => (names.indexOf(name) - (names.length - 1) / 2) * APART * (to - from);
  const columns = [...table.tHead.rows[0].cells].filter((cell) => cell.dataset.facet);
  return columns.map((heading) => ({
    title: heading.textContent.trim(),
    alt: heading.dataset.alt,
    kind: heading.dataset.facet,
    from,
    to,
    places: new Map([...places.values()].map(({ value, words }) => [value, words])),
    series: names.map((name) => {
      const own = rows.filter((row) => (row.dataset.series ?? "") === name);
      return {
        name: name || heading.textContent.trim(),
        shape: Number(own[0].dataset.shape ?? 0),
        points: own
          .map((row) => pointOf(row, heading.cellIndex, places.get(row.dataset.at).value + shift(name), row.cells[0].textContent.trim()))
          .filter((point) => point.y !== undefined),
      };
    }),
  }));
};
