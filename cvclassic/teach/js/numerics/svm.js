// A support vector machine in two dimensions, solved by sequential minimal optimization with
// the working-set choice of Fan, Chen and Lin (2005), as in LIBSVM. Labels are 0 and 1.

const TINY = 1e-12;

export function kernelFunction({ kind, gamma }) {
  if (kind === "linear") return (a, b) => a[0] * b[0] + a[1] * b[1];
  return (a, b) => Math.exp(-gamma * ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2));
}

export function trainSvm({ x, y }, { C, kind = "linear", gamma = 1, tolerance = 1e-5 }) {
  const n = x.length;
  const sign = y.map((label) => (label ? 1 : -1));
  const k = kernelFunction({ kind, gamma });
  const model = { x, sign, alpha: new Array(n).fill(0), b: 0, C, kind, gamma };
  if (!sign.includes(1) || !sign.includes(-1)) return { ...model, trained: false };
  const K = x.map((a) => x.map((b) => k(a, b)));
  const gradient = new Array(n).fill(-1);
  const { alpha } = model;
  const canGrow = (t) => (sign[t] > 0 ? alpha[t] < C : alpha[t] > 0);
  const canShrink = (t) => (sign[t] > 0 ? alpha[t] > 0 : alpha[t] < C);
  for (let round = 0; round < 100000; round++) {
    let [i, high] = [-1, -Infinity];
    for (let t = 0; t < n; t++) {
      const value = -sign[t] * gradient[t];
      if (canGrow(t) && value > high) [i, high] = [t, value];
    }
    let [j, low, best] = [-1, Infinity, Infinity];
    for (let t = 0; t < n; t++) {
      if (!canShrink(t)) continue;
      const value = -sign[t] * gradient[t];
      low = Math.min(low, value);
      const gap = high - value;
      if (gap <= 0) continue;
      const curve = Math.max(K[i][i] + K[t][t] - 2 * K[i][t], TINY);
      if (-(gap * gap) / curve < best) [j, best] = [t, -(gap * gap) / curve];
    }
    if (j < 0 || high - low < tolerance) break;
    const curve = Math.max(K[i][i] + K[j][j] - 2 * K[i][j], TINY);
    let move = (-sign[i] * gradient[i] + sign[j] * gradient[j]) / curve;
    // both multipliers stay between 0 and C
    move = Math.min(move, sign[i] > 0 ? C - alpha[i] : alpha[i]);
    move = Math.min(move, sign[j] > 0 ? alpha[j] : C - alpha[j]);
    alpha[i] = Math.min(Math.max(alpha[i] + sign[i] * move, 0), C);
    alpha[j] = Math.min(Math.max(alpha[j] - sign[j] * move, 0), C);
    for (let t = 0; t < n; t++) gradient[t] += sign[t] * move * (K[t][i] - K[t][j]);
  }
  model.b = offset(model, gradient);
  return { ...model, trained: true };
}

// Mean over free support vectors; without any, the middle of what is allowed.
function offset({ alpha, sign, C }, gradient) {
  let [sum, free, low, high] = [0, 0, -Infinity, Infinity];
  alpha.forEach((a, t) => {
    const value = -sign[t] * gradient[t];
    if (a > 1e-9 * C && a < C * (1 - 1e-9)) {
      sum += value;
      free += 1;
    } else if (sign[t] > 0 ? a <= 1e-9 * C : a > 1e-9 * C) low = Math.max(low, value);
    else high = Math.min(high, value);
  });
  return free ? sum / free : (low + high) / 2;
}

export function decision(model, point) {
  const k = kernelFunction(model);
  let sum = model.b;
  model.alpha.forEach((a, i) => {
    if (a > 0) sum += a * model.sign[i] * k(model.x[i], point);
  });
  return sum;
}

// Weights of the line; only for the linear kernel.
export function weights({ alpha, sign, x }) {
  return [0, 1].map((k) => alpha.reduce((sum, a, i) => sum + a * sign[i] * x[i][k], 0));
}

export function marginWidth(model) {
  return 2 / Math.hypot(...weights(model));
}

export function supportVectors({ alpha, C }) {
  return alpha.flatMap((a, i) => (a > 1e-7 * C ? [i] : []));
}

// Least distance to a line w x + b = 0 of the points, negative if one lies on the wrong side.
export function lineMargin({ w, b }, { x, y }) {
  const norm = Math.hypot(...w);
  return Math.min(...x.map((p, i) => ((y[i] ? 1 : -1) * (w[0] * p[0] + w[1] * p[1] + b)) / norm));
}
