// Multinomial logistic regression by gradient descent: a weight per word and class.
// Minimizes the mean cross-entropy plus l2 / 2 times the squared weights, not the intercepts.

export function scores({ weights, biases }, x) {
  return weights.map((row, c) => row.reduce((sum, w, k) => sum + w * x[k], biases[c]));
}

export function probabilities(model, x) {
  const z = scores(model, x);
  const most = Math.max(...z);
  const powers = z.map((value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((value) => value / sum);
}

// Nesterov's momentum: the problem is convex, so every start ends at the same place.
export function trainSoftmax(xs, labels, nClasses, { l2 = 0.01, rounds = 800 } = {}) {
  const d = xs[0].length;
  // the steepest that the slope can change: half the longest input, its constant 1 included
  const rate = 1 / (l2 + Math.max(...xs.map((x) => x.reduce((s, v) => s + v * v, 1))) / 2);
  const zero = () => Array.from({ length: nClasses }, () => new Float64Array(d + 1));
  const velocity = zero();
  const place = zero();
  const ahead = zero();
  const asModel = (rows) => ({
    weights: rows.map((row) => row.subarray(0, d)), biases: rows.map((row) => row[d]),
  });
  for (let round = 0; round < rounds; round++) {
    const momentum = Math.min(round / (round + 3), 0.98);
    place.forEach((row, c) => row.forEach((w, k) => (ahead[c][k] = w + momentum * velocity[c][k])));
    const slope = ahead.map((row) => row.map((w, k) => (k < d ? l2 * w : 0)));
    const model = asModel(ahead);
    xs.forEach((x, i) => {
      probabilities(model, x).forEach((p, c) => {
        const error = (p - (labels[i] === c ? 1 : 0)) / xs.length;
        for (let k = 0; k < d; k++) slope[c][k] += error * x[k];
        slope[c][d] += error;
      });
    });
    place.forEach((row, c) => row.forEach((w, k) => {
      const next = ahead[c][k] - rate * slope[c][k];
      velocity[c][k] = next - w;
      row[k] = next;
    }));
  }
  return asModel(place);
}
