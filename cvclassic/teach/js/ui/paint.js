// Planes of numbers as images: gray, signed (blue, paper, orange), and drawing on top.
import { isDark, rgb } from "./theme.js";

const MAPS = {
  gray: () => (t) => [255 * t, 255 * t, 255 * t],
  // t from 0 to 1 with 0.5 for zero: negative numbers blue, positive orange
  signed: () => mixer(rgb("negative"), rgb("zero"), rgb("positive")),
  // 0 to 1: nothing to much
  heat: () => mixer(rgb("zero"), rgb("heat-middle"), rgb("heat-high")),
  // probability of label 1: blue for 0, orange for 1, paler than the points
  decision: () => mixer(rgb("area-0"), rgb("zero"), rgb("area-1")),
};

function mixer(low, middle, high) {
  const between = (a, b, t) => a.map((v, i) => v + (b[i] - v) * t);
  return (t) => (t < 0.5 ? between(low, middle, 2 * t) : between(middle, high, 2 * t - 1));
}

// An unscaled canvas of a plane, colored from `low` to `high`.
export function bitmap(plane, { low = 0, high = 255, map = "gray" } = {}) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(plane.width, 1);
  canvas.height = Math.max(plane.height, 1);
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  const table = Array.from({ length: 256 }, (_, i) => MAPS[map]()(i / 255));
  const scale = high > low ? 255 / (high - low) : 0;
  for (let i = 0; i < plane.data.length; i++) {
    const level = Math.min(Math.max(Math.round((plane.data[i] - low) * scale), 0), 255);
    const [r, g, b] = table[level];
    pixels.data[4 * i] = r;
    pixels.data[4 * i + 1] = g;
    pixels.data[4 * i + 2] = b;
    pixels.data[4 * i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

const remembered = new WeakMap();

// As `bitmap`, made once for each plane, coloring and theme.
export function picture(plane, options = {}) {
  const key = `${options.map ?? "gray"} ${options.low} ${options.high} ${isDark()}`;
  const known = remembered.get(plane);
  if (known?.key === key) return known.canvas;
  const canvas = bitmap(plane, options);
  remembered.set(plane, { key, canvas });
  return canvas;
}

// A plane over a rectangle of a canvas, every pixel a clean square when enlarged.
export function drawPlane(context, plane, options = {}, box = null, smooth = false) {
  const [x, y, w, h] = box ?? [0, 0, context.canvas.clientWidth, context.canvas.clientHeight];
  context.imageSmoothingEnabled = smooth || w < plane.width;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture(plane, options), x, y, w, h);
}

// The range to color a map with: symmetric around zero if it has negative numbers. The largest
// hundredth may saturate, so that one bright pixel does not make all others pale.
export function coloring(plane) {
  const sizes = Float64Array.from(plane.data, Math.abs).sort();
  const most = Math.max(sizes[Math.floor(0.99 * (sizes.length - 1))] ?? 0, 1e-9);
  if (plane.data.every((value) => value >= -1e-9)) return { map: "gray", low: 0, high: most };
  return { map: "signed", low: -most, high: most };
}

// A line that can be seen on every background: a wide one in the paper's color below it.
export function outlined(context, path, ink, width = 2, under = "halo") {
  context.lineJoin = "round";
  context.strokeStyle = under === "halo" ? "rgb(0 0 0 / 0.55)" : under;
  context.lineWidth = width + 2;
  context.stroke(path);
  context.strokeStyle = ink;
  context.lineWidth = width;
  context.stroke(path);
}

export function rectangle(x, y, w, h) {
  const path = new Path2D();
  path.rect(x, y, w, h);
  return path;
}

export function circle(x, y, radius) {
  const path = new Path2D();
  path.arc(x, y, radius, 0, 2 * Math.PI);
  return path;
}

export function line(...points) {
  const path = new Path2D();
  points.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
  return path;
}
