// One Haar feature over the image, and what it answers everywhere.
import { featureSum, PATTERNS, rectangles } from "../../numerics/haar.js";
import { integral, rectangleSum } from "../../numerics/integral.js";
import { plane } from "../../numerics/plane.js";
import { choice, slider } from "../../ui/controls.js";
import { count, num, readout, strong } from "../../ui/dom.js";
import { current } from "../../ui/images.js";
import { coloring, drawPlane, outlined, rectangle } from "../../ui/paint.js";
import { step } from "../../ui/steps.js";
import { color } from "../../ui/theme.js";
import { onDrag, onKeys, view } from "../../ui/view.js";

export function haarStep() {
  const state = { name: "edge, top/bottom", w: 36, h: 12, x: 0, y: 0 };
  let table = null;
  let map = null;
  const said = readout({ spoken: true, className: "sum" });
  const note = readout();
  const size = () => {
    const { across, down } = PATTERNS[state.name];
    return [across * state.w, down * state.h];
  };
  const shown = view({ label: "Image with a Haar feature", tabbable: true, caption: "Drag the feature, or use the arrow keys",
    draw(context, width, height) {
      const { image } = current.value;
      const scale = width / image.width;
      drawPlane(context, image, {}, [0, 0, width, height], true);
      const rects = rectangles(state.name, state.x, state.y, state.w, state.h).map(([x, y, w, h, weight]) =>
        [x * scale, y * scale, w * scale, h * scale, weight]);
      const [whole, ...parts] = rects;
      context.fillStyle = "rgb(0 0 0 / 0.5)";
      context.fillRect(...whole.slice(0, 4));
      context.fillStyle = "rgb(255 255 255 / 0.6)";
      for (const part of parts) context.fillRect(...part.slice(0, 4));
      outlined(context, rectangle(...whole.slice(0, 4)), color("mark"), 2.5);
    } });
  const answers = view({ label: "Answer of the feature at every place", caption: "Its answer at every place (blue: negative, orange: positive)",
    draw(context, width, height) {
      if (map) drawPlane(context, map, coloring(map), [0, 0, width, height]);
    } });
  const pattern = choice({ label: "Feature", name: "pattern", value: state.name, options: Object.keys(PATTERNS).map((n) => [n, n[0].toUpperCase() + n.slice(1)]),
    onchange: (name) => set({ name }) });
  const wide = slider({ label: "Width of a cell", name: "haar-w", min: 2, max: 64, value: state.w, format: (v) => `${v} px`, oninput: (w) => set({ w }) });
  const tall = slider({ label: "Height of a cell", name: "haar-h", min: 2, max: 64, value: state.h, format: (v) => `${v} px`, oninput: (h) => set({ h }) });

  function set(changes) {
    Object.assign(state, changes);
    compute();
  }

  // the answer at each place stands at the middle of the feature
  function compute() {
    const { image } = current.value;
    const { across, down } = PATTERNS[state.name];
    state.w = Math.min(state.w, Math.floor(image.width / across));
    state.h = Math.min(state.h, Math.floor(image.height / down));
    wide.set(state.w);
    tall.set(state.h);
    const [w, h] = size();
    const rects = rectangles(state.name, 0, 0, state.w, state.h);
    map = plane(image.width, image.height);
    for (let y = 0; y + h <= image.height; y++) {
      for (let x = 0; x + w <= image.width; x++) {
        map.data[(y + (h >> 1)) * image.width + x + (w >> 1)] = featureSum(table, rects, x, y) / (w * h);
      }
    }
    go(state.x, state.y);
  }

  function go(x, y) {
    const { image } = current.value;
    const [w, h] = size();
    state.x = Math.min(Math.max(Math.round(x), 0), image.width - w);
    state.y = Math.min(Math.max(Math.round(y), 0), image.height - h);
    const rects = rectangles(state.name, state.x, state.y, state.w, state.h);
    const [whole, ...parts] = rects;
    const sum = rectangleSum(table, ...whole.slice(0, 4));
    const white = parts.reduce((total, part) => total + rectangleSum(table, ...part.slice(0, 4)), 0);
    const area = (list) => list.reduce((total, [, , pw, ph]) => total + pw * ph, 0);
    const light = white / area(parts);
    const dark = (sum - white) / (w * h - area(parts));
    said.set(`White: mean ${num(light, 0)}. Black: mean ${num(dark, 0)}. `, strong(`Difference ${num(light - dark, 0)}`));
    note.set(`The feature's own number, as the detector adds it up: ${count(Math.round(featureSum(table, rects)))}. `
      + `In a window of 20 × 20 pixels there are tens of thousands of such features; training picks a few that tell faces from the rest.`);
    shown.redraw();
    answers.redraw();
  }

  const drag = (u, v) => {
    const { image } = current.value;
    const [w, h] = size();
    go(u * image.width - w / 2, v * image.height - h / 2);
  };
  onDrag(shown, { start: drag, move: drag });
  onKeys(shown, (dx, dy) => go(state.x + dx, state.y + dy));
  current.follow(({ image, name }) => {
    table = integral(image);
    shown.setRatio(image.width / image.height);
    answers.setRatio(image.width / image.height);
    if (name === "astronaut") Object.assign(state, { x: 94, y: 42 });
    compute();
  });
  return step({
    title: "A Haar feature",
    text: "A Haar feature is the sum of the gray values below its white part, compared with those "
      + "below the black. “The eyes are darker than the cheeks below them” is one such feature. With "
      + "the integral image it costs a few additions, at any size.",
    controls: [pattern, wide, tall],
    visuals: [shown, answers],
    below: [said, note],
  });
}
