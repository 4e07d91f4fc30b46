// Haar-like features: weighted sums of rectangles, over the contrast of the window.
import { rectangleSum } from "./integral.js";

// Cells across and down, the cells that count, and their weight against the whole's -1.
export const PATTERNS = {
  "edge, left/right": { across: 2, down: 1, parts: [[1, 0, 1, 1, 2]] },
  "edge, top/bottom": { across: 1, down: 2, parts: [[0, 1, 1, 1, 2]] },
  "line, upright": { across: 3, down: 1, parts: [[1, 0, 1, 1, 3]] },
  "line, level": { across: 1, down: 3, parts: [[0, 1, 1, 1, 3]] },
  center: { across: 3, down: 3, parts: [[1, 1, 1, 1, 9]] },
  chessboard: { across: 2, down: 2, parts: [[0, 0, 1, 1, 2], [1, 1, 1, 1, 2]] },
};

// Rectangles [x, y, w, h, weight] of a pattern whose cells have w times h pixels.
export function rectangles(name, x, y, w, h) {
  const { across, down, parts } = PATTERNS[name];
  const whole = [x, y, across * w, down * h, -1];
  return [whole, ...parts.map(([l, t, wide, high, weight]) => [
    x + l * w, y + t * h, wide * w, high * h, weight,
  ])];
}

export function featureSum(table, rects, left = 0, top = 0) {
  let sum = 0;
  for (const [x, y, w, h, weight] of rects) {
    // single precision at every step, as OpenCV and cvclassic.cascade compute
    const part = Math.fround(weight) * Math.fround(rectangleSum(table, left + x, top + y, w, h));
    sum = Math.fround(sum + Math.fround(part));
  }
  return sum;
}

// One over area times deviation of a window less a rim of one pixel; 0 where it is flat.
export function contrast(table, squares, left, top, width, height) {
  const inner = [left + 1, top + 1, width - 2, height - 2];
  const area = (width - 2) * (height - 2);
  const total = rectangleSum(table, ...inner);
  const norm = area * rectangleSum(squares, ...inner) - total * total;
  if (norm <= 0) return 0;
  const factor = Math.fround(1 / Math.sqrt(norm));
  return area * factor < 0.1 ? factor : 0;
}
