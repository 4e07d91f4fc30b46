// Stages 2 and 3 of SIFT: extrema of place and scale, located below the pixel, then those
// thrown out that have too little contrast or lie on an edge (Lowe 2004, sections 3, 4 and 4.1).

const BORDER = 5;

// Candidates {x, y, layer} that are the largest or smallest of their 27 numbers.
export function findExtrema(dogs, least) {
  const { width, height } = dogs[0];
  const found = [];
  for (let layer = 1; layer < dogs.length - 1; layer++) {
    const { data } = dogs[layer];
    const around = [dogs[layer - 1].data, data, dogs[layer + 1].data];
    for (let y = BORDER; y < height - BORDER; y++) {
      for (let x = BORDER; x < width - BORDER; x++) {
        const value = data[y * width + x];
        if (Math.abs(value) <= least) continue;
        if (isExtremum(around, y * width + x, width, value)) found.push({ x, y, layer, value });
      }
    }
  }
  return found;
}

function isExtremum(around, center, width, value) {
  for (const data of around) {
    for (let row = center - width; row <= center + width; row += width) {
      for (let i = row - 1; i <= row + 1; i++) {
        if (value > 0 ? data[i] > value : data[i] < value) return false;
      }
    }
  }
  return true;
}

// Gradient and Hessian in (x, y, layer), by central differences.
export function derivatives(dogs, x, y, layer) {
  const { width } = dogs[0];
  const at = (dx, dy, ds) => dogs[layer + ds].data[(y + dy) * width + x + dx];
  const units = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
  const center = at(0, 0, 0);
  const gradient = units.map(([a, b, c]) => (at(a, b, c) - at(-a, -b, -c)) / 2);
  const hessian = units.map((u, i) => units.map((v, j) => {
    if (i === j) return at(...u) + at(...u.map((k) => -k)) - 2 * center;
    const plus = u.map((k, axis) => k + v[axis]);
    const minus = u.map((k, axis) => k - v[axis]);
    return (at(...plus) - at(...minus) - at(...minus.map((k) => -k)) + at(...plus.map((k) => -k))) / 4;
  }));
  return { gradient, hessian, center };
}

export function determinant([[a, b, c], [d, e, f], [g, h, i]]) {
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

// Cramer's rule: three unknowns are few enough.
export function solve3(matrix, right) {
  const whole = determinant(matrix);
  return [0, 1, 2].map((k) => determinant(
    matrix.map((row, i) => row.map((value, j) => (j === k ? right[i] : value))),
  ) / whole);
}

// A parabola through the neighbors: walks until its top is within half a pixel, or gives null.
export function locate(dogs, start) {
  const { width, height } = dogs[0];
  let { x, y, layer } = start;
  for (let round = 0; round < 6; round++) {
    const { gradient, hessian, center } = derivatives(dogs, x, y, layer);
    if (Math.abs(determinant(hessian)) <= 1e-20) return null;
    const shift = solve3(hessian, gradient).map((value) => -value);
    if (shift.some((s) => Math.abs(s) >= Math.max(width, height))) return null;
    if (shift.every((s) => Math.abs(s) <= 0.5)) {
      const value = center + gradient.reduce((sum, g, i) => sum + g * shift[i], 0) / 2;
      return { x: x + shift[0], y: y + shift[1], layer: layer + shift[2], value, hessian,
        shift, at: [x, y, layer] };
    }
    if (round === 5) return null;
    x += Math.round(shift[0]);
    y += Math.round(shift[1]);
    layer += Math.round(shift[2]);
    const inside = x >= BORDER && y >= BORDER && x < width - BORDER && y < height - BORDER;
    if (!inside || layer < 1 || layer >= dogs.length - 1) return null;
  }
  return null;
}

// Trace squared over determinant: 4 for a round blob, large on an edge, null for a saddle.
export function edgeRatio(hessian) {
  const trace = hessian[0][0] + hessian[1][1];
  const det = hessian[0][0] * hessian[1][1] - hessian[0][1] ** 2;
  return det > 0 ? (trace * trace) / det : null;
}

export function isRound(hessian, edgeThreshold) {
  const ratio = edgeRatio(hessian);
  return ratio !== null && ratio < (edgeThreshold + 1) ** 2 / edgeThreshold;
}
