// Grids of numbers: to read, to click, or to type into.
import { h, num } from "./dom.js";

// Black or white, whichever can be read on a gray of 0 to 255.
function ink(level) {
  const linear = ((level / 255 + 0.055) / 1.055) ** 2.4;
  return linear > 0.18 ? "on-light" : "on-dark";
}

// Cells are {text, level (0-255 or null), mark (class names)}; rows of them.
export function numberGrid({ label, onpick = null, className = "" }) {
  const element = h("div", { class: `numbers ${className}`, role: onpick ? "group" : "img",
    "aria-label": label });
  let cells = [];
  let focus = 0;
  let columns = 0;

  function set(rows) {
    columns = rows[0]?.length ?? 0;
    element.style.setProperty("--columns", columns);
    const flat = rows.flat();
    if (cells.length !== flat.length) {
      cells = flat.map((_, i) => h(onpick ? "button" : "span",
        onpick ? { type: "button", onclick: () => pick(i) } : {}));
      element.replaceChildren(...cells);
    }
    flat.forEach(({ text, level = null, mark = "", name }, i) => {
      const cell = cells[i];
      cell.textContent = text;
      cell.className = `${level === null ? "" : ink(level)} ${mark}`;
      cell.style.backgroundColor = level === null ? "" : `rgb(${level} ${level} ${level})`;
      if (onpick) {
        cell.tabIndex = i === focus ? 0 : -1;
        cell.setAttribute("aria-label", name ?? text);
      }
    });
  }

  function pick(i) {
    focus = i;
    onpick(i % columns, Math.floor(i / columns));
  }

  if (onpick) {
    element.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
      if (step === undefined || !cells[focus + step]) return;
      cells[focus].tabIndex = -1;
      focus += step;
      cells[focus].tabIndex = 0;
      cells[focus].focus();
      event.preventDefault();
      event.stopPropagation();
    });
  }
  return { element, set, setLabel: (text) => element.setAttribute("aria-label", text) };
}

// Numbers to type in, row by row.
export function numberEditor({ label, onchange }) {
  const element = h("div", { class: "numbers editor", role: "group", "aria-label": label });
  let inputs = [];
  function set(rows) {
    const columns = rows[0].length;
    element.style.setProperty("--columns", columns);
    const flat = rows.flat();
    if (inputs.length !== flat.length) {
      inputs = flat.map((_, i) => {
        const name = `row ${Math.floor(i / columns) + 1}, column ${(i % columns) + 1}`;
        return h("input", { type: "text", inputMode: "decimal", "aria-label": `Weight in ${name}`,
          autocomplete: "off", oninput: changed });
      });
      element.replaceChildren(...inputs);
    }
    flat.forEach((value, i) => {
      if (document.activeElement !== inputs[i]) inputs[i].value = num(value, 3);
      inputs[i].classList.toggle("wrong", false);
    });
  }
  function changed() {
    const values = inputs.map((input) => parse(input.value));
    inputs.forEach((input, i) => input.classList.toggle("wrong", values[i] === null));
    if (values.every((value) => value !== null)) onchange(values);
  }
  return { element, set };
}

// "-1", "−1", "0.5", "0,5" and "1/9".
export function parse(text) {
  const clean = text.trim().replace("−", "-").replace(",", ".");
  const parts = clean.split("/");
  if (parts.length > 2 || parts.some((part) => part.trim() === "")) return null;
  const value = parts.length === 2 ? Number(parts[0]) / Number(parts[1]) : Number(parts[0]);
  return Number.isFinite(value) ? value : null;
}
