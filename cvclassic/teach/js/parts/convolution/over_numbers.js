// A kernel over a few numbers, one output at a time.
import { convolve, outputSize, padAmounts, paddedValue, turned } from "../../numerics/convolve.js";
import { plane, shrink } from "../../numerics/plane.js";
import { button, choice, playButton } from "../../ui/controls.js";
import { h, num, readout, strong } from "../../ui/dom.js";
import { current } from "../../ui/images.js";
import { numberGrid } from "../../ui/numbers.js";
import { step } from "../../ui/steps.js";
import { kernelPanel, sizeFormula } from "./kernel_panel.js";

const SIDE = 7;
const PATTERNS = {
  edge: (x) => (x < 3 ? 1 : 8),
  slope: (x) => x,
  corner: (x, y) => (x > 2 && y > 2 ? 8 : 1),
  spot: (x, y) => (x === 3 && y === 3 ? 9 : 0),
  diagonal: (x, y) => (x === y ? 9 : 0),
};

function pattern(name) {
  const f = PATTERNS[name];
  return plane(SIDE, SIDE, Float64Array.from({ length: SIDE * SIDE }, (_, i) => f(i % SIDE, Math.floor(i / SIDE))));
}

// The middle of the image, coarse enough that 7 x 7 numbers show something, in grays of 0 to 9.
function fromImage(image) {
  const small = shrink(image, Math.max(1, Math.floor(Math.min(image.width, image.height) / 14)));
  const [left, top] = [small.width, small.height].map((n) => Math.floor((n - SIDE) / 2));
  return plane(SIDE, SIDE, Float64Array.from({ length: SIDE * SIDE }, (_, i) =>
    Math.round((small.data[(top + Math.floor(i / SIDE)) * small.width + left + (i % SIDE)] * 9) / 255)));
}

export function overNumbers(shared) {
  let input = pattern("edge");
  let at = 0;
  const said = readout({ className: "sum" });
  const size = readout();
  const grid = numberGrid({ label: "Input, 7 × 7 numbers. Press a number to change it", onpick(x, y) {
    const [left] = padAmounts(shared.value.padding, shared.value.kernel.width);
    const [top] = padAmounts(shared.value.padding, shared.value.kernel.height);
    if (x < left || y < top || x >= left + SIDE || y >= top + SIDE) return;
    const i = (y - top) * SIDE + x - left;
    input.data[i] = input.data[i] >= 9 ? 0 : input.data[i] + 1;
    source.set("own");
    show();
  } });
  const weights = numberGrid({ label: "Kernel as it is laid on the input" });
  const output = numberGrid({ label: "Output" });
  const caption = h("figcaption", {});
  const source = choice({ label: "Input", name: "numbers", value: "edge", options: [
    ["edge", "An edge"], ["slope", "A slope"], ["corner", "A corner"], ["spot", "A spot"],
    ["diagonal", "A diagonal"], ["image", "Middle of the image"], ["own", "My own numbers"],
  ], onchange(name) {
    if (name === "own") return;
    input = name === "image" ? fromImage(current.value.image) : pattern(name);
    at = 0;
    show();
  } });
  const play = playButton(() => move(1), { pause: 450, label: "Slide", name: "slide-numbers" });

  function outputs() {
    const { kernel, stride, padding } = shared.value;
    return [outputSize(SIDE, kernel.width, stride, padding), outputSize(SIDE, kernel.height, stride, padding)];
  }

  function move(by) {
    const [width, height] = outputs();
    const total = width * height;
    if (!total) return false;
    at = (at + by + total) % total;
    show();
    return true;
  }

  function show() {
    const { kernel, stride, padding, turn } = shared.value;
    const [width, height] = outputs();
    at = Math.max(Math.min(at, width * height - 1), 0);
    const [ox, oy] = [at % Math.max(width, 1), Math.floor(at / Math.max(width, 1))];
    const laid = turn ? turned(kernel) : kernel;
    const [left, right] = padAmounts(padding, kernel.width);
    const [top, bottom] = padAmounts(padding, kernel.height);
    const inWindow = (x, y) => x >= ox * stride && x < ox * stride + kernel.width
      && y >= oy * stride && y < oy * stride + kernel.height;
    grid.set(Array.from({ length: SIDE + top + bottom }, (_, y) =>
      Array.from({ length: SIDE + left + right }, (_, x) => {
        const value = paddedValue(input, x - left, y - top, padding);
        const outside = x < left || y < top || x >= left + SIDE || y >= top + SIDE;
        return { text: num(value, 1), level: outside ? null : 40 + Math.round(value * 23),
          mark: `${outside ? "padding" : ""} ${inWindow(x, y) ? "window" : ""}`,
          name: `${num(value, 1)}${outside ? ", padding" : ""}` };
      })));
    weights.set(Array.from({ length: kernel.height }, (_, y) =>
      Array.from({ length: kernel.width }, (_, x) => ({ text: num(laid.data[y * kernel.width + x], 2), mark: "window" }))));
    const map = convolve(input, kernel, { stride, padding, turn });
    output.set(height ? Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => {
      const i = y * width + x;
      return i > at ? { text: "", mark: "empty" } : { text: num(map.data[i], 1), mark: i === at ? "window" : "" };
    })) : [[{ text: "–" }]]);
    output.setLabel(height ? `Output: ${Array.from(map.data.subarray(0, at + 1), (v) => num(v, 1)).join(", ")}` : "No output");
    caption.textContent = height ? `Output, ${width} × ${height}` : "The kernel does not fit";
    size.set("Output size: ", sizeFormula(SIDE, kernel.width, stride, padding));
    if (!height) return said.set("The kernel is larger than the padded input: there is no output.");
    said.set(...terms(laid, ox * stride - left, oy * stride - top, padding), strong(num(map.data[at], 2)));
  }

  // "weight × input" for every weight that is not zero
  function terms(laid, x0, y0, padding) {
    const parts = [];
    laid.data.forEach((weight, i) => {
      if (weight === 0) return;
      const value = paddedValue(input, x0 + (i % laid.width), y0 + Math.floor(i / laid.width), padding);
      parts.push(`${weight < 0 ? `(${num(weight, 2)})` : num(weight, 2)}·${num(value, 1)}`);
    });
    return [parts.join(" + ") || "0", " = "];
  }

  shared.follow(show);
  current.follow(() => {
    if (source.input.value !== "image") return;
    input = fromImage(current.value.image);
    show();
  });
  return step({
    title: "A kernel slides over numbers",
    text: "A kernel is a small table of weights. Lay it on the input, multiply what lies on top of "
      + "each other, add it all up: that is one number of the output. Then move on by the stride "
      + "and do it again.",
    controls: [source, ...kernelPanel(shared, "numbers")],
    visuals: [
      h("figure", { class: "view" }, grid.element, h("figcaption", {}, "Input: press a number to change it")),
      h("figure", { class: "view" }, weights.element, h("figcaption", {}, "Kernel")),
      h("figure", { class: "view" }, output.element, caption),
    ],
    actions: [play, button("One step", () => move(1), { name: "step-numbers" }),
      button("Back", () => move(-1)), button("To the end", () => move(-1 - at), { name: "end-numbers" })],
    below: [said, size],
  });
}
