"use strict";

// What the pages share: their plots are drawn and painted, their tables are sorted, their code is copied.

const content = JSON.parse(document.getElementById("content").textContent);

function models() {
  return Bokeh.documents.flatMap((one) => [...one.all_models]);
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
    } else if (model.type === "Legend") {
      model.label_text_color = colour("text");
    } else if (model.type === "Grid" && model.grid_line_color !== null) {
      model.grid_line_color = colour("grid");
    }
  }
}

// By the numbers of a column, the largest first, or by its texts; a second click turns it round.
function sortBy(header) {
  const table = header.closest("table");
  const body = table.tBodies[0];
  const cell = (row) => row.cells[header.cellIndex];
  const numbers = "order" in cell(body.rows[0]).dataset;
  const rising = numbers
    ? (one, other) => Number(cell(one).dataset.order) - Number(cell(other).dataset.order)
    : (one, other) => cell(one).textContent.localeCompare(cell(other).textContent, undefined, { numeric: true });
  const [first, second] = numbers ? ["descending", "ascending"] : ["ascending", "descending"];
  const now = header.getAttribute("aria-sort") === first ? second : first;
  for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", now);
  body.append(...[...body.rows].sort((one, other) => (now === "ascending" ? 1 : -1) * rising(one, other)));
  table.dispatchEvent(new Event("sorted"));
}

async function copy(button, source, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  } catch {
    getSelection().selectAllChildren(source);
    button.textContent = "selected: press Ctrl+C";
  }
}

// Draws the plots, and then does what the page has to do with them.
function draw(then) {
  Bokeh.embed.embed_items(content.plots.documents, content.plots.items).then(() => {
    then();
    paint();
    document.documentElement.dataset.drawn = "true";
  });
}

for (const button of document.querySelectorAll(".sortable thead button")) {
  button.addEventListener("click", () => sortBy(button.parentElement));
}
for (const button of document.querySelectorAll(".code .copy")) {
  const code = button.nextElementSibling;
  button.addEventListener("click", () => copy(button, code, code.textContent));
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
