// Controls of a small network's data and training, bound to a plain object.
import { SHAPES } from "../../numerics/points.js";
import { choice, segments, slider } from "../../ui/controls.js";
import { num } from "../../ui/dom.js";

const TITLES = { blobs: "Two groups", xor: "Crosswise (XOR)", circles: "Ring", moons: "Two moons", spirals: "Two spirals" };
export const RATES = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3];
export const PENALTIES = [0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1];
const BATCHES = [1, 4, 8, 16, 32, 1000];

export const DEFAULTS = { shape: "moons", n: 120, noise: 0.1, seed: 1, share: 0.3, hidden: [4, 0],
  activation: "tanh", rate: 0.3, batch: 8, l1: 0, l2: 0 };

export function scale({ label, values, value, format = (v) => num(v, 4), oninput, name }) {
  return slider({ label, name, min: 0, max: values.length - 1, value: values.indexOf(value),
    format: (i) => format(values[i]), oninput: (i) => oninput(values[i]) });
}

// `fresh` is called when training must begin anew, `live` when it can go on.
export function dataControls(state, fresh, id) {
  return [
    choice({ label: "Points", name: `shape-${id}`, value: state.shape, options: SHAPES.map((s) => [s, TITLES[s]]),
      onchange: (shape) => fresh({ shape }) }),
    slider({ label: "Number of points", name: `n-${id}`, min: 20, max: 300, step: 10, value: state.n, oninput: (n) => fresh({ n }) }),
    slider({ label: "Noise", name: `noise-${id}`, min: 0, max: 0.4, step: 0.02, value: state.noise, format: (v) => num(v), oninput: (noise) => fresh({ noise }) }),
    slider({ label: "Kept for validation", name: `share-${id}`, min: 0.1, max: 0.7, step: 0.1, value: state.share,
      format: (v) => `${Math.round(100 * v)}%`, oninput: (share) => fresh({ share }) }),
  ];
}

export function networkControls(state, fresh, live, id) {
  return [
    ...[0, 1].map((layer) => slider({ label: `Neurons in hidden layer ${layer + 1}`, name: `hidden-${layer}-${id}`,
      min: 0, max: 8, value: state.hidden[layer], format: (v) => (v ? String(v) : "no layer"),
      oninput: (k) => fresh({ hidden: state.hidden.map((old, i) => (i === layer ? k : old)) }) })),
    segments({ label: "Activation", name: `activation-${id}`, value: state.activation,
      options: [["tanh", "tanh"], ["relu", "ReLU"], ["sigmoid", "sigmoid"], ["linear", "none"]],
      onchange: (activation) => fresh({ activation }) }),
    scale({ label: "Learning rate", name: `rate-${id}`, values: RATES, value: state.rate, oninput: (rate) => live({ rate }) }),
    scale({ label: "Batch size", name: `batch-${id}`, values: BATCHES, value: state.batch,
      format: (v) => (v === 1000 ? "all points" : String(v)), oninput: (batch) => live({ batch }) }),
    ...["l2", "l1"].map((kind) => scale({ label: `${kind.toUpperCase()} penalty`, name: `${kind}-${id}`, values: PENALTIES,
      value: state[kind], oninput: (value) => live({ [kind]: value }) })),
  ];
}
