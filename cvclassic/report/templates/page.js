"use strict";
// Columns that can be sorted get a button; without this script the tables are just tables.
function value(row, column, kind) {
  const cell = row.cells[column];
  const text = (cell.dataset.v ?? cell.textContent).trim();
  if (kind !== "number") return text.toLocaleLowerCase();
  const number = parseFloat(text);
  return Number.isNaN(number) ? -Infinity : number;
}
function sortBy(head, column) {
  const kind = head.dataset.sort;
  const before = head.getAttribute("aria-sort");
  // numbers begin with the largest, names with the first
  const first = kind === "number" ? "descending" : "ascending";
  const second = first === "ascending" ? "descending" : "ascending";
  const order = before === first ? second : first;
  const table = head.closest("table");
  for (const other of table.querySelectorAll("th[aria-sort]")) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", order);
  const body = table.tBodies[0];
  const sign = order === "ascending" ? 1 : -1;
  const keyed = Array.from(body.rows, (row) => [value(row, column, kind), row]);
  keyed.sort(([a], [b]) => sign * (kind === "number" ? a - b || 0 : a.localeCompare(b)));
  body.append(...keyed.map(([, row]) => row));
}
for (const table of document.querySelectorAll("table.sortable")) {
  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    if (!head.dataset.sort) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => sortBy(head, column));
  });
}
// A link into a closed drawer opens it.
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  const drawer = target.closest("details");
  if (drawer && !drawer.open) drawer.open = true;
  target.scrollIntoView();
  if (target.tabIndex === -1) target.focus({ preventScroll: true });
}
addEventListener("hashchange", openTarget);
openTarget();
// A menu that shows only the entries of one class; without this script all are shown.
for (const menu of document.querySelectorAll("select[data-filter]")) {
  const line = menu.closest("[hidden]");
  if (line) line.hidden = false;
  const entries = document.querySelectorAll(menu.dataset.filter);
  menu.addEventListener("change", () => {
    let shown = 0;
    for (const entry of entries) {
      entry.hidden = Boolean(menu.value) && !entry.dataset.keys.split(" ").includes(menu.value);
      shown += !entry.hidden;
    }
    line.querySelector("[role=status]").textContent = menu.value ? `${shown} of ${entries.length}` : "";
  });
}
