// A fully connected network with one sigmoid output: forward, backward, one step of descent.
// Layers are {weights: n_out rows of n_in, biases: n_out}.
import { normal } from "./random.js";

const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));

// Each with its derivative, written by the value that the activation has given.
export const ACTIVATIONS = {
  relu: { f: (z) => Math.max(z, 0), slope: (a) => (a > 0 ? 1 : 0) },
  tanh: { f: Math.tanh, slope: (a) => 1 - a * a },
  sigmoid: { f: sigmoid, slope: (a) => a * (1 - a) },
  linear: { f: (z) => z, slope: () => 1 },
};

// Weights of variance 2 / n_in for ReLU (He et al. 2015), else 1 / n_in (LeCun et al. 1998).
export function newNetwork(sizes, activation, random) {
  const gain = activation === "relu" ? 2 : 1;
  const layers = sizes.slice(1).map((nOut, i) => ({
    weights: Array.from({ length: nOut }, () =>
      Array.from({ length: sizes[i] }, () => Math.sqrt(gain / sizes[i]) * normal(random)),
    ),
    biases: new Array(nOut).fill(0),
  }));
  return { layers, activation };
}

// Values of all layers, the input first; the last holds the probability of label 1.
export function forward({ layers, activation }, point) {
  const values = [point];
  layers.forEach(({ weights, biases }, depth) => {
    const last = depth === layers.length - 1;
    const f = last ? sigmoid : ACTIVATIONS[activation].f;
    const input = values[depth];
    values.push(
      weights.map((row, j) => {
        let z = biases[j];
        for (let i = 0; i < row.length; i++) z += row[i] * input[i];
        return f(z);
      }),
    );
  });
  return values;
}

export function probability(network, point) {
  return forward(network, point).at(-1)[0];
}

// Mean cross-entropy of some points, without penalties.
export function loss(network, { x, y }) {
  let sum = 0;
  x.forEach((point, i) => {
    const p = Math.min(Math.max(probability(network, point), 1e-12), 1 - 1e-12);
    sum -= y[i] ? Math.log(p) : Math.log(1 - p);
  });
  return x.length ? sum / x.length : 0;
}

export function accuracy(network, { x, y }) {
  const right = x.filter((point, i) => probability(network, point) > 0.5 === (y[i] === 1));
  return x.length ? right.length / x.length : 0;
}

// l2 / 2 times the sum of squares and l1 times the sum of sizes of the weights, not the biases.
export function penalty({ layers }, { l1 = 0, l2 = 0 }) {
  let sum = 0;
  for (const { weights } of layers) {
    for (const w of weights.flat()) sum += l1 * Math.abs(w) + (l2 / 2) * w * w;
  }
  return sum;
}

// Back-propagation (Rumelhart, Hinton and Williams 1986): gradients of loss and penalties.
export function gradients(network, { x, y }, { l1 = 0, l2 = 0 } = {}) {
  const { layers, activation } = network;
  const { slope } = ACTIVATIONS[activation];
  const sums = layers.map(({ weights, biases }) => ({
    weights: weights.map((row) => row.map((w) => x.length * (l1 * Math.sign(w) + l2 * w))),
    biases: biases.map(() => 0),
  }));
  x.forEach((point, i) => {
    const values = forward(network, point);
    // cross-entropy after a sigmoid: what comes back is prediction minus label
    let delta = [values.at(-1)[0] - y[i]];
    for (let depth = layers.length - 1; depth >= 0; depth--) {
      const input = values[depth];
      delta.forEach((d, j) => {
        sums[depth].biases[j] += d;
        for (let k = 0; k < input.length; k++) sums[depth].weights[j][k] += d * input[k];
      });
      if (depth === 0) break;
      const { weights } = layers[depth];
      delta = input.map((value, k) => {
        let back = 0;
        for (let j = 0; j < delta.length; j++) back += weights[j][k] * delta[j];
        return back * slope(value);
      });
    }
  });
  return sums.map(({ weights, biases }) => ({
    weights: weights.map((row) => row.map((g) => g / x.length)),
    biases: biases.map((g) => g / x.length),
  }));
}

export function descend(network, grads, rate) {
  const layers = network.layers.map(({ weights, biases }, depth) => ({
    weights: weights.map((row, j) => row.map((w, k) => w - rate * grads[depth].weights[j][k])),
    biases: biases.map((b, j) => b - rate * grads[depth].biases[j]),
  }));
  return { ...network, layers };
}

// One pass over the points in random order, in batches.
export function epoch(network, points, { rate, batch, l1, l2, order }) {
  let moved = network;
  for (let start = 0; start < order.length; start += batch) {
    const rows = order.slice(start, start + batch);
    const part = { x: rows.map((i) => points.x[i]), y: rows.map((i) => points.y[i]) };
    moved = descend(moved, gradients(moved, part, { l1, l2 }), rate);
  }
  return moved;
}
