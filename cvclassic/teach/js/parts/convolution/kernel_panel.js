// The kernel, its stride and its padding: the controls that all steps of this part share.
import { outputSize, padAmounts } from "../../numerics/convolve.js";
import { kernel, KERNELS } from "../../numerics/kernels.js";
import { plane } from "../../numerics/plane.js";
import { choice, segments, slider, toggle } from "../../ui/controls.js";
import { h } from "../../ui/dom.js";
import { numberEditor } from "../../ui/numbers.js";

export const PADDINGS = [
  ["0", "None"],
  ["same", "Zeros, to keep the size"],
  ["1", "1 pixel of zeros"],
  ["2", "2 pixels of zeros"],
  ["reflect", "Mirrored, to keep the size"],
  ["edge", "Edge repeated, to keep the size"],
];

export function toPadding(text) {
  return /^\d+$/.test(text) ? Number(text) : text;
}

export function rowsOf({ width, height, data }) {
  return Array.from({ length: height }, (_, y) => Array.from(data.subarray(y * width, (y + 1) * width)));
}

function resized({ width, height, data }, side) {
  const grown = plane(side, side, new Float64Array(side * side));
  const shift = (side - width) / 2;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [row, column] = [y + shift, x + shift];
      if (row < 0 || column < 0 || row >= side || column >= side) continue;
      grown.data[row * side + column] = data[y * width + x];
    }
  }
  return grown;
}

// Controls bound to a store with {kernel, name, stride, padding, turn}.
export function kernelPanel(shared, id) {
  const preset = choice({
    label: "Kernel", name: "kernel",
    options: [...Object.entries(KERNELS).map(([key, { title }]) => [key, title]), ["own", "My own numbers"]],
    value: shared.value.name,
    onchange: (name) => name !== "own" && shared.set({ name, kernel: kernel(name) }),
  });
  const editor = numberEditor({
    label: "Weights of the kernel",
    onchange: (values) => {
      const { width, height } = shared.value.kernel;
      shared.set({ name: "own", kernel: plane(width, height, Float64Array.from(values)) });
    },
  });
  const side = segments({
    label: "Size", name: `side-${id}`, options: [["3", "3 × 3"], ["5", "5 × 5"]], value: "3",
    onchange: (text) => shared.set({ kernel: resized(shared.value.kernel, Number(text)) }),
  });
  const stride = slider({ label: "Stride", min: 1, max: 4, value: 1, name: "stride",
    format: (v) => `${v} px`, oninput: (value) => shared.set({ stride: value }) });
  const padding = choice({ label: "Padding", options: PADDINGS, value: "0", name: "padding",
    onchange: (text) => shared.set({ padding: toPadding(text) }) });
  const turn = toggle({ label: "Turn the kernel by 180° first (convolution in mathematics)",
    name: "turn", onchange: (value) => shared.set({ turn: value }) });
  shared.follow((state) => {
    preset.set(state.name);
    editor.set(rowsOf(state.kernel));
    side.set(String(state.kernel.width));
    stride.set(state.stride);
    padding.set(String(state.padding));
    turn.set(state.turn);
  });
  return [preset, editor, side, stride, padding, turn];
}

// The textbook's formula with the numbers put in.
export function sizeFormula(n, k, stride, padding) {
  const [before, after] = padAmounts(padding, k);
  const size = outputSize(n, k, stride, padding);
  return h("span", { class: "formula" },
    `⌊(N + P − K) / S⌋ + 1 = ⌊(${n} + ${before + after} − ${k}) / ${stride}⌋ + 1 = `,
    h("strong", {}, String(size)));
}
