// Sliding windows: how many there are, and where something scores.
import { CASCADE } from "../../data/cascade.js";
import { pyramid, windowCount } from "../../numerics/boxes.js";
import { scan, unpack } from "../../numerics/cascade.js";
import { plane } from "../../numerics/plane.js";
import { playButton, slider } from "../../ui/controls.js";
import { count, h, num, readout, strong } from "../../ui/dom.js";
import { current } from "../../ui/images.js";
import { drawPlane, outlined, rectangle } from "../../ui/paint.js";
import { step } from "../../ui/steps.js";
import { color } from "../../ui/theme.js";
import { view } from "../../ui/view.js";

export function windowsStep() {
  const cascade = unpack(CASCADE);
  const state = { window: 48, stride: 8, factor: 1.25 };
  let at = 0;
  let heat = null;
  const said = readout({ className: "sum" });
  const table = h("table", { class: "levels" });
  const levels = () => pyramid(current.value.image.width, current.value.image.height, state.window, state.factor);
  const across = (width) => Math.floor((width - state.window) / state.stride) + 1;

  // The window number `at`, over all levels, as a box in pixels of the image.
  function windowAt() {
    let left = at;
    for (const { scale, width, height } of levels()) {
      const n = windowCount(width, height, state.window, state.stride);
      if (left < n) {
        const [x, y] = [left % across(width), Math.floor(left / across(width))];
        return { scale, box: [x * state.stride * scale, y * state.stride * scale, state.window * scale, state.window * scale] };
      }
      left -= n;
    }
    return null;
  }
  const total = () => levels().reduce((sum, { width, height }) => sum + windowCount(width, height, state.window, state.stride), 0);
  const shown = view({ label: "Image with the sliding window", caption: "", draw(context, width, height) {
    const { image } = current.value;
    const scale = width / image.width;
    drawPlane(context, image, {}, [0, 0, width, height], true);
    const found = windowAt();
    if (!found) return;
    const [x, y, w] = found.box.map((v) => v * scale);
    outlined(context, rectangle(x, y, w, w), color("mark"), 3);
  } });
  const map = view({ label: "Score of the windows around each place", caption: "How far a face detector let the best window around each place come (orange: to the end)",
    draw(context, width, height) {
      if (heat) drawPlane(context, heat, { map: "heat", low: 0, high: cascade.stages.length }, [0, 0, width, height], true);
    } });
  const play = playButton(() => {
    at = (at + 1) % Math.max(total(), 1);
    show();
    return true;
  }, { pause: 60, label: "Slide", name: "slide-window" });
  const set = (changes) => {
    Object.assign(state, changes);
    at = 0;
    show();
  };

  function show() {
    const rows = levels();
    said.set("Windows to classify: ", rows.map(({ width, height }) => count(windowCount(width, height, state.window, state.stride))).join(" + ") || "0", " = ", strong(count(total())));
    table.replaceChildren(h("tr", {}, ["Level", "Size", "Windows"].map((name) => h("th", {}, name))),
      ...rows.map(({ width, height }, i) => h("tr", {}, h("td", {}, String(i)), h("td", {}, `${width} × ${height}`),
        h("td", {}, `${across(width)} × ${across(height)}`))));
    const found = windowAt();
    shown.setCaption(found ? `Window ${count(at + 1)}: it covers ${num(found.box[2], 0)} pixels of the image` : "The window is larger than the image");
    shown.redraw();
  }

  current.follow(({ image }) => {
    // best stage of all windows whose middle lies in a cell of 4 x 4 pixels
    const cell = 4;
    heat = plane(Math.ceil(image.width / cell), Math.ceil(image.height / cell));
    for (const { box: [x, y, w, tall], stage } of scan(cascade, image, { factor: 1.25, step: 2 }).windows) {
      const i = Math.floor((y + tall / 2) / cell) * heat.width + Math.floor((x + w / 2) / cell);
      heat.data[i] = Math.max(heat.data[i], stage);
    }
    for (const one of [shown, map]) one.setRatio(image.width / image.height);
    set({});
    map.redraw();
  });
  return step({
    title: "Sliding windows",
    text: "A classifier answers “what is this?” for a small window. To answer “where is it?”, let the "
      + "window slide over the whole image, at every size. Instead of larger windows one takes smaller "
      + "images: a pyramid. It is many windows, so each must be cheap.",
    controls: [
      slider({ label: "Window", name: "window", min: 16, max: 128, step: 8, value: state.window, format: (v) => `${v} × ${v} px`, oninput: (window) => set({ window }) }),
      slider({ label: "Stride", name: "window-stride", min: 1, max: 32, value: state.stride, format: (v) => `${v} px`, oninput: (stride) => set({ stride }) }),
      slider({ label: "Pyramid: each level smaller by", name: "factor", min: 1.05, max: 2, step: 0.05, value: state.factor, format: (v) => num(v), oninput: (factor) => set({ factor }) }),
      table,
    ],
    actions: [play],
    visuals: [shown, map],
    below: [said],
  });
}
