// Long tables page by page, the reliability of one class, and the corrections to copy.

function paged(table) {
  const size = Number(table.dataset.page);
  const bar = document.createElement("p");
  const [back, where, on] = ["button", "span", "button"].map((kind) => document.createElement(kind));
  const likely = table.classList.contains("suspects") ? document.getElementById("likely") : null;
  let page = 0;
  bar.className = "pager";
  Object.assign(back, { type: "button", textContent: "‹ back", onclick: () => show(page - 1) });
  Object.assign(on, { type: "button", textContent: "on ›", onclick: () => show(page + 1) });
  bar.append(back, where, on);

  function show(wanted) {
    const all = [...table.tBodies[0].rows];
    const rows = all.filter((row) => !likely?.checked || row.classList.contains("marked"));
    const last = Math.max(0, Math.ceil(rows.length / size) - 1);
    page = Math.min(Math.max(wanted, 0), last);
    const shown = new Set(rows.slice(page * size, (page + 1) * size));
    for (const row of all) row.hidden = !shown.has(row);
    where.textContent = rows.length === 0 ? "none" : `${page * size + 1} to ${page * size + shown.size} of ${rows.length}`;
    back.disabled = page === 0;
    on.disabled = page === last;
    bar.hidden = last === 0 && !likely;
  }

  table.parentElement.after(bar);
  table.addEventListener("sorted", () => show(0));
  likely?.addEventListener("change", () => show(0));
  show(0);
}

function showCurve(index) {
  for (const model of models().filter(({ tags }) => tags.includes(content.reliability))) {
    model.data = content.curves[index];
  }
}

for (const table of document.querySelectorAll("table[data-page]")) paged(table);

const curve = document.getElementById("curve");
curve.addEventListener("change", () => showCurve(curve.value));

const copyCorrections = document.getElementById("copy-corrections");
copyCorrections?.addEventListener("click", () => {
  const table = document.querySelector("table.corrections");
  const lines = [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent).join("\t"));
  copy(copyCorrections, table, lines.join("\n"));
});

draw(() => showCurve(curve.value));
