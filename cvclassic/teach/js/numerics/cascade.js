// A cascade of boosted stumps over Haar features, as cvclassic.cascade judges windows.
import { contrast, featureSum } from "./haar.js";
import { integral } from "./integral.js";
import { resize } from "./plane.js";

// From the compact form in the page: see cvclassic/teach/materials.py.
export function unpack({ width, height, stages }) {
  return {
    width,
    height,
    stages: stages.map(({ limit, stumps }) => ({
      limit,
      stumps: stumps.map(([test, yes, no, ...numbers]) => {
        const rects = [];
        for (let i = 0; i < numbers.length; i += 5) rects.push(numbers.slice(i, i + 5));
        return { test: Math.fround(test), yes: Math.fround(yes), no: Math.fround(no), rects };
      }),
    })),
  };
}

export function tables(image) {
  return { sums: integral(image), squares: integral(image, true) };
}

export function stageTotal(stage, { sums }, factor, left, top) {
  let total = 0;
  for (const { test, yes, no, rects } of stage.stumps) {
    const value = Math.fround(featureSum(sums, rects, left, top) * factor);
    total += value < test ? yes : no;
  }
  return total;
}

// The stage that rejected a window (-1: flat; the number of stages: none did), and its sum.
export function judge(cascade, both, left, top) {
  const { width, height, stages } = cascade;
  const factor = contrast(both.sums, both.squares, left, top, width, height);
  if (factor === 0) return { stage: -1, total: 0, stumps: 0 };
  let [total, stumps] = [0, 0];
  for (let i = 0; i < stages.length; i++) {
    total = stageTotal(stages[i], both, factor, left, top);
    stumps += stages[i].stumps.length;
    if (total < stages[i].limit) return { stage: i, total, stumps };
  }
  return { stage: stages.length, total, stumps };
}

// Every stage's sum of one window, whether it passes or not.
export function allTotals(cascade, both, left, top) {
  const factor = contrast(both.sums, both.squares, left, top, cascade.width, cascade.height);
  return cascade.stages.map((stage) => ({
    limit: stage.limit,
    total: stageTotal(stage, both, factor, left, top),
  }));
}

// All windows of all scales: {box in pixels of the image, stage, level, x, y}.
export function scan(cascade, image, { factor = 1.2, step = 2, least = 1 } = {}) {
  const windows = [];
  const levels = [];
  let stumps = 0;
  for (let scale = least; ; scale *= factor) {
    const [width, height] = [Math.round(image.width / scale), Math.round(image.height / scale)];
    if (width < cascade.width || height < cascade.height) break;
    const level = resize(image, width, height);
    const both = tables(level);
    levels.push({ scale, image: level, both });
    const [sx, sy] = [image.width / width, image.height / height];
    for (let y = 0; y + cascade.height <= height; y += step) {
      for (let x = 0; x + cascade.width <= width; x += step) {
        const verdict = judge(cascade, both, x, y);
        stumps += verdict.stumps;
        const box = [x * sx, y * sy, cascade.width * sx, cascade.height * sy].map(Math.round);
        windows.push({ box, stage: verdict.stage, total: verdict.total,
          level: levels.length - 1, x, y });
      }
    }
  }
  return { windows, levels, stumps };
}
