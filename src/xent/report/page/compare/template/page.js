// Shows, mutes or hides a loss in all plots at once.

const chips = new Map([...document.querySelectorAll(".chip")].map((chip) => [chip.dataset.loss, chip]));
const faint = document.getElementById("faint");

// Opacity of each kind of mark, as two hexadecimal digits.
const SHOWN = { line: "f2", band: "26", point: "e6" };
const FAINT = { line: "40", band: "00", point: "40" };

const isShown = (loss) => chips.get(loss).getAttribute("aria-pressed") === "true";
const isHidden = (loss) => !isShown(loss) && !faint.checked;

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

for (const [loss, chip] of chips) {
  chip.addEventListener("click", () => press((other) => (other === loss ? !isShown(loss) : isShown(other))));
}
document.getElementById("all").addEventListener("click", () => press(() => true));
document.getElementById("best").addEventListener("click", () => press((loss) => content.best.includes(loss)));
faint.addEventListener("change", showLosses);
for (const axis of ["across", "up"]) document.getElementById(axis).addEventListener("change", chooseMeasures);
draw(() => {
  nameClasses();
  showLosses();
});
