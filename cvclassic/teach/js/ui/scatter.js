// Points of two classes on a square from -1.1 to 1.1: to add, drag and remove, and what a
// classifier makes of the square.
import { plane } from "../numerics/plane.js";
import { color } from "./theme.js";
import { bitmap, circle, line, rectangle } from "./paint.js";
import { onDrag, onKeys, view } from "./view.js";

const REACH = 1.1;
const NEAR = 0.05;

export const toShare = ([x, y]) => [(x + REACH) / (2 * REACH), (REACH - y) / (2 * REACH)];
export const toPoint = (u, v) => [u * 2 * REACH - REACH, REACH - v * 2 * REACH];

// Values of `f` over the square, as a plane of `side` times `side`.
export function surface(f, side = 64) {
  const grid = plane(side, side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      grid.data[row * side + column] = f(toPoint((column + 0.5) / side, (row + 0.5) / side));
    }
  }
  return grid;
}

// Class 0: blue squares, class 1: orange discs, so that color is not all that tells them apart.
export function drawPoint(context, [x, y], label, { size = 5, hollow = false, ring = false } = {}) {
  const path = label ? circle(x, y, size) : rectangle(x - 0.88 * size, y - 0.88 * size, 1.76 * size, 1.76 * size);
  context.lineWidth = hollow ? 2 : 1.5;
  context.fillStyle = hollow ? color("paper") : color(label ? "two" : "one");
  context.strokeStyle = hollow ? color(label ? "two" : "one") : color("paper");
  context.fill(path);
  context.stroke(path);
  if (!ring) return;
  context.strokeStyle = color("ink");
  context.lineWidth = 2;
  context.stroke(circle(x, y, size + 4));
}

// Lines along which a plane of values crosses a level (marching squares, two ends per cell).
export function contour({ width, height, data }, level) {
  const found = [];
  const cut = (a, b) => (level - a) / (b - a);
  for (let y = 0; y + 1 < height; y++) {
    for (let x = 0; x + 1 < width; x++) {
      const [a, b] = [data[y * width + x], data[y * width + x + 1]];
      const [d, c] = [data[(y + 1) * width + x], data[(y + 1) * width + x + 1]];
      const ends = [];
      if (a < level !== b < level) ends.push([x + cut(a, b), y]);
      if (b < level !== c < level) ends.push([x + 1, y + cut(b, c)]);
      if (d < level !== c < level) ends.push([x + cut(d, c), y + 1]);
      if (a < level !== d < level) ends.push([x, y + cut(a, d)]);
      if (ends.length >= 2) found.push([ends[0], ends[1]]);
      if (ends.length === 4) found.push([ends[2], ends[3]]);
    }
  }
  return found;
}

// Pieces joined end to end: dashes need long lines.
export function chained(pieces) {
  const key = ([x, y]) => `${x.toFixed(6)} ${y.toFixed(6)}`;
  const at = new Map();
  pieces.forEach((piece, i) => piece.forEach((end) => at.set(key(end), [...(at.get(key(end)) ?? []), i])));
  const used = new Set();
  const grow = (chain) => {
    for (;;) {
      const next = at.get(key(chain.at(-1))).find((i) => !used.has(i));
      if (next === undefined) return chain;
      used.add(next);
      const [a, b] = pieces[next];
      chain.push(key(a) === key(chain.at(-1)) ? b : a);
    }
  };
  return pieces.flatMap((piece, i) => {
    if (used.has(i)) return [];
    used.add(i);
    return [grow(grow([...piece]).reverse())];
  });
}

export function strokeContour(context, values, level, width, height) {
  for (const chain of chained(contour(values, level))) {
    context.stroke(line(...chain.map(([x, y]) => [((x + 0.5) / values.width) * width, ((y + 0.5) / values.height) * height])));
  }
}

export function strokeLine(context, { w, b }, level, width, height) {
  // the line w x + b = level, far beyond the square on both sides
  const norm2 = w[0] ** 2 + w[1] ** 2;
  if (norm2 < 1e-18) return;
  const foot = w.map((v) => (v * (level - b)) / norm2);
  const along = [-w[1], w[0]].map((v) => (3 * v) / Math.sqrt(norm2));
  const ends = [1, -1].map((s) => toShare([foot[0] + s * along[0], foot[1] + s * along[1]]));
  context.stroke(line(...ends.map(([u, v]) => [u * width, v * height])));
}

// `look` gives {points: {x, y}, values, hollow, rings, current}; `edit` takes changed points.
export function scatter({ label, caption, look, edit = null, paint = () => {}, addLabel = () => 1 }) {
  let cursor = null;
  let dragged = -1;
  const shown = view({ label, caption, ratio: 1, tabbable: edit !== null, className: "square",
    draw(context, width, height) {
      const { points, values, hollow = new Set(), rings = new Set(), current = -1 } = look();
      context.fillStyle = color("soft");
      context.fillRect(0, 0, width, height);
      if (values) {
        context.imageSmoothingEnabled = true;
        context.drawImage(bitmap(values.plane, { map: "decision", low: values.low, high: values.high }), 0, 0, width, height);
      }
      context.save();
      context.beginPath();
      context.rect(0, 0, width, height);
      context.clip();
      paint(context, width, height);
      const size = Math.max(width / 80, 4);
      points.x.forEach((point, i) => {
        const [u, v] = toShare(point);
        drawPoint(context, [u * width, v * height], points.y[i],
          { size: i === current ? size * 1.8 : size, hollow: hollow.has(i), ring: rings.has(i) });
      });
      if (cursor && document.activeElement === shown.canvas) {
        const [u, v] = toShare(cursor).map((s, axis) => s * (axis ? height : width));
        context.strokeStyle = color("ink");
        context.lineWidth = 1.5;
        context.stroke(line([u - 9, v], [u + 9, v]));
        context.stroke(line([u, v - 9], [u, v + 9]));
      }
      context.restore();
      context.strokeStyle = color("line");
      context.lineWidth = 1;
      context.strokeRect(0.5, 0.5, width - 1, height - 1);
    } });
  if (edit === null) return shown;

  const nearest = (place) => {
    let [best, least] = [-1, NEAR];
    look().points.x.forEach(([x, y], i) => {
      const distance = Math.hypot(x - place[0], y - place[1]);
      if (distance < least) [best, least] = [i, distance];
    });
    return best;
  };
  const changed = (x, y) => edit({ x, y });
  const add = (place) => {
    const { x, y } = look().points;
    changed([...x, place], [...y, addLabel()]);
  };
  const remove = (i) => {
    const { x, y } = look().points;
    if (i >= 0) changed(x.filter((_, k) => k !== i), y.filter((_, k) => k !== i));
  };
  onDrag(shown, {
    start(u, v) {
      cursor = null;
      dragged = nearest(toPoint(u, v));
      if (dragged < 0) {
        add(toPoint(u, v));
        dragged = look().points.x.length - 1;
      }
    },
    move(u, v) {
      const { x, y } = look().points;
      const place = toPoint(Math.min(Math.max(u, 0), 1), Math.min(Math.max(v, 0), 1));
      changed(x.map((p, i) => (i === dragged ? place : p)), y);
    },
  });
  shown.canvas.addEventListener("dblclick", (event) => remove(nearest(toPoint(...shown.place(event)))));
  onKeys(shown, (dx, dy) => {
    cursor = (cursor ?? [0, 0]).map((c, axis) => Math.min(Math.max(c + (axis ? -dy : dx) * 0.03, -REACH), REACH));
    shown.redraw();
  }, {
    Enter: () => cursor && add(cursor),
    " ": () => cursor && add(cursor),
    Delete: () => cursor && remove(nearest(cursor)),
    Backspace: () => cursor && remove(nearest(cursor)),
  });
  return shown;
}
