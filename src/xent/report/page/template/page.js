"use strict";

// Draws the plots, and shows, mutes or hides a loss in all of them at once.

const content = JSON.parse(document.getElementById("content").textContent);
const chips = new Map([...document.querySelectorAll(".chip")].map((chip) => [chip.dataset.loss, chip]));
const faint = document.getElementById("faint");

// Opacity of each kind of mark, as two hexadecimal digits.
const SHOWN = { line: "f2", band: "26", point: "e6" };
const FAINT = { line: "40", band: "00", point: "40" };

const isShown = (loss) => chips.get(loss).getAttribute("aria-pressed") === "true";
const isHidden = (loss) => !isShown(loss) && !faint.checked;

function models() {
  return Bokeh.documents.flatMap((one) => [...one.all_models]);
}

function nameClasses() {
  for (const model of models().filter(({ tags }) => tags.includes(content.by_class))) {
    const columns = Object.entries(content.classes).map(([name, texts]) => [name, [...model.data.x].map((x) => texts[x])]);
    model.data = { ...model.data, ...Object.fromEntries(columns) };
  }
}

function showLosses() {
  for (const model of models()) {
    if (model.type === "CategoricalColorMapper") {
      model.palette = content.looks.map(({ loss, colour }) =>
        isShown(loss) ? colour + SHOWN[model.name] : content.grey + FAINT[model.name]);
    } else if (model.type === "GlyphRenderer" && model.name === content.by_loss) {
      model.view.filter.booleans = [...model.data_source.data.loss].map((loss) => !isHidden(loss));
    }
  }
  fitRanges();
}

// The ranges that have no limits of their own, fitted to the losses that are shown.
function fitRanges() {
  const values = new Map();
  for (const plot of models().filter((model) => model.type === "Figure")) {
    for (const [range, column] of [[plot.x_range, "x"], [plot.y_range, "y"]]) {
      if (!range.tags.includes(content.fitted)) continue;
      if (!values.has(range)) values.set(range, []);
      for (const { data_source: { data } } of plot.renderers) {
        // What has no loss is a line to compare the losses with.
        (data[column] ?? []).forEach((value, row) => {
          if ((!data.loss || isShown(data.loss[row])) && Number.isFinite(value)) values.get(range).push(value);
        });
      }
    }
  }
  for (const [range, all] of values) {
    if (all.length === 0) continue;
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const margin = (high - low || 1) * 0.06;
    Object.assign(range, { start: low - margin, end: high + margin });
    Object.assign(range, { reset_start: range.start, reset_end: range.end });
  }
}

function press(wanted) {
  for (const [loss, chip] of chips) chip.setAttribute("aria-pressed", String(wanted(loss)));
  showLosses();
}

function chooseMeasures() {
  const keys = { x: document.getElementById("across").value, y: document.getElementById("up").value };
  for (const model of models()) {
    if (model.tags.includes(content.trade_off)) {
      model.data = { ...model.data, x: model.data[keys.x], y: model.data[keys.y] };
    } else if (model.name === content.trade_off) {
      model.below[0].axis_label = content.axis_titles[keys.x];
      model.left[0].axis_label = content.axis_titles[keys.y];
    }
  }
  fitRanges();
}

// Text and grid of the plots in the colours of the page, which are those of the reader's system: light or dark.
function paint() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  for (const model of models()) {
    if (model.type.endsWith("Axis")) {
      model.axis_label_text_color = model.major_label_text_color = colour("quiet");
      model.major_tick_line_color = colour("rule");
    } else if (model.type === "Title") {
      model.text_color = colour("text");
    } else if (model.type === "Grid" && model.grid_line_color !== null) {
      model.grid_line_color = colour("grid");
    }
  }
}

function sortBy(header) {
  const body = header.closest("table").tBodies[0];
  const column = header.cellIndex;
  const order = (row) => Number(row.cells[column].dataset.order);
  const falling = header.getAttribute("aria-sort") !== "descending";
  for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", falling ? "descending" : "ascending");
  body.append(...[...body.rows].sort((one, other) => (falling ? 1 : -1) * (order(other) - order(one))));
}

async function copy(button) {
  const code = button.nextElementSibling;
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "copied";
  } catch {
    getSelection().selectAllChildren(code);
    button.textContent = "selected: press Ctrl+C";
  }
}

for (const [loss, chip] of chips) {
  chip.addEventListener("click", () => press((other) => (other === loss ? !isShown(loss) : isShown(other))));
}
document.getElementById("all").addEventListener("click", () => press(() => true));
document.getElementById("best").addEventListener("click", () => press((loss) => content.best.includes(loss)));
faint.addEventListener("change", showLosses);
for (const axis of ["across", "up"]) document.getElementById(axis).addEventListener("change", chooseMeasures);
for (const button of document.querySelectorAll(".measures thead button")) {
  button.addEventListener("click", () => sortBy(button.parentElement));
}
for (const button of document.querySelectorAll(".copy")) button.addEventListener("click", () => copy(button));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);

Bokeh.embed.embed_items(content.plots.documents, content.plots.items).then(() => {
  nameClasses();
  paint();
  showLosses();
  document.documentElement.dataset.drawn = "true";
});
