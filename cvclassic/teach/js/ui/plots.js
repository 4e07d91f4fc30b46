// Line and bar charts on a canvas, with an axis that starts at zero and says what it counts.
import { num } from "./dom.js";
import { color } from "./theme.js";
import { view } from "./view.js";

const TEXT = 13;

export function plotFont(context, size = TEXT) {
  const root = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  context.font = `${size * root}px system-ui, sans-serif`;
  return size * root;
}

// A value a little above the largest that is easy to read: 1, 2 or 5 times a power of ten.
export function niceTop(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 5, 7.5, 10].map((k) => k * power).find((top) => top >= value * 0.9999);
}

// `series()` gives [{name, values, ink, dashed}]; the x axis is the index times `every`.
export function lineChart({ label, series, caption, ratio = 1.8, xName = "", top = null, every = () => 1 }) {
  return view({ label, ratio, caption, className: "chart", draw(context, width, height) {
    const all = series();
    const size = plotFont(context);
    const [left, right, up, down] = [3.4 * size, 0.8 * size, 1.7 * size, 1.9 * size];
    const n = Math.max(...all.map(({ values }) => values.length), 2);
    const high = top ?? niceTop(Math.max(...all.flatMap(({ values }) => values), 1e-9));
    const x = (i) => left + ((width - left - right) * i) / (n - 1);
    const y = (v) => height - down - ((height - up - down) * Math.min(v, high)) / high;
    axis(context, { left, right, width, y, high, size });
    context.fillStyle = color("faint");
    context.textAlign = "right";
    context.fillText(`${xName} ${num((n - 1) * every(), 0)}`, width - right, height - 0.5 * size);
    context.textAlign = "left";
    context.fillText("0", left, height - 0.5 * size);
    let at = left;
    for (const { name, values, ink, dashed } of all) {
      context.strokeStyle = color(ink);
      context.lineWidth = 2.2;
      context.setLineDash(dashed ? [6, 4] : []);
      context.beginPath();
      values.forEach((v, i) => (i ? context.lineTo(x(i), y(v)) : context.moveTo(x(i), y(v))));
      context.stroke();
      if (name) {
        context.beginPath();
        context.moveTo(at, 0.8 * size);
        context.lineTo(at + 1.8 * size, 0.8 * size);
        context.stroke();
        context.fillStyle = color("ink");
        context.fillText(name, at + 2.2 * size, 1.15 * size);
        at += 3.4 * size + context.measureText(name).width;
      }
      context.setLineDash([]);
    }
  } });
}

function axis(context, { left, right, width, y, high, size }) {
  context.strokeStyle = color("line");
  context.fillStyle = color("faint");
  context.lineWidth = 1;
  context.textAlign = "right";
  for (const share of [0, 0.5, 1]) {
    context.beginPath();
    context.moveTo(left, y(share * high));
    context.lineTo(width - right, y(share * high));
    context.stroke();
    context.fillText(num(share * high, 3), left - 0.5 * size, y(share * high) + 0.35 * size);
  }
}

// `bars()` gives [{value, ink, name, mark}]; `line` is a level to compare with, or a function that gives it.
export function barChart({ label, bars, caption, ratio = 2.4, top = null, line = null, names = true }) {
  return view({ label, ratio, caption, className: "chart", draw(context, width, height) {
    const all = bars();
    const size = plotFont(context);
    const values = all.map(({ value }) => value);
    const [most, least] = [Math.max(...values, 0), Math.min(...values, 0)];
    const high = top ?? niceTop(most);
    const low = least < 0 ? -niceTop(-least) : 0;
    const [left, right, up] = [3.2 * size, 0.4 * size, 0.8 * size];
    const down = names ? 1.7 * size : 0.6 * size;
    const y = (v) => up + ((height - up - down) * (high - Math.max(Math.min(v, high), low))) / (high - low);
    axis(context, { left, right, width, y, high, size });
    const step = (width - left - right) / Math.max(all.length, 1);
    const widest = Math.max(...all.map(({ name }) => (name === undefined ? 0 : context.measureText(name).width)));
    const each = Math.ceil((widest + 0.4 * size) / step); // every so many bars have room for a name
    all.forEach(({ value, ink = "one", name, mark }, i) => {
      const x = left + i * step;
      context.fillStyle = ink.startsWith("hsl") ? ink : color(ink);
      const thick = Math.max(step * (all.length > 60 ? 0.86 : 0.74), 1);
      context.fillRect(x + (step - thick) / 2, Math.min(y(value), y(0)), thick, Math.max(Math.abs(y(value) - y(0)), 0.8));
      if (mark) {
        context.strokeStyle = color("ink");
        context.lineWidth = 2;
        context.strokeRect(x + 0.5, up, step - 1, height - up - down);
      }
      if (names && name !== undefined && (i % each === 0 || all.some((bar) => bar.name === undefined))) {
        context.fillStyle = color("faint");
        context.textAlign = "center";
        context.fillText(name, x + step / 2, height - 0.45 * size);
      }
    });
    const limit = typeof line === "function" ? line() : line;
    if (limit !== null) {
      context.strokeStyle = color("two");
      context.setLineDash([6, 4]);
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(left, y(limit));
      context.lineTo(width - right, y(limit));
      context.stroke();
      context.setLineDash([]);
    }
  } });
}

// Index of the bar below a place from 0 to 1 of a chart with `n` bars.
export function barAt(chart, share, n) {
  const size = parseFloat(getComputedStyle(document.documentElement).fontSize) * (TEXT / 16);
  const width = chart.canvas.clientWidth;
  const i = Math.floor(((share * width - 3.2 * size) / (width - 3.6 * size)) * n);
  return i >= 0 && i < n ? i : -1;
}
