// Stage 4 of SIFT, second half: 4 x 4 histograms of 8 directions, 128 numbers
// (Lowe 2004, section 6; the grid, weights and order of OpenCV's SIFT).

export const GRID = 4;
export const DIRECTIONS = 8;
const CELL = 3; // side of a grid cell, in sigmas of the keypoint

// Gradients that count: where they lie in the turned grid, their direction and weight.
export function sampleGradients(layer, x, y, sigma, angle) {
  const cell = CELL * sigma;
  const { width, height, data } = layer;
  const most = Math.round(Math.hypot(width, height));
  const radius = Math.min(Math.round(cell * Math.SQRT2 * (GRID + 1) * 0.5), most);
  const [cos, sin] = [Math.cos(angle) / cell, Math.sin(angle) / cell];
  const [cx, cy] = [Math.round(x), Math.round(y)];
  const samples = [];
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) {
      const along = dx * cos + dy * sin;
      const across = dy * cos - dx * sin;
      const [column, row] = [along + GRID / 2 - 0.5, across + GRID / 2 - 0.5];
      const [px, py] = [cx + dx, cy + dy];
      if (column <= -1 || row <= -1 || column >= GRID || row >= GRID) continue;
      if (px < 1 || py < 1 || px >= width - 1 || py >= height - 1) continue;
      const at = py * width + px;
      const gx = data[at + 1] - data[at - 1];
      const gy = data[at - width] - data[at + width]; // upwards, as OpenCV counts directions
      const weight = Math.exp(-(along * along + across * across) / (GRID * GRID * 0.5));
      const turn = (Math.atan2(gy, gx) + angle) / (2 * Math.PI);
      samples.push({ column, row, direction: (turn - Math.floor(turn)) * DIRECTIONS,
        size: Math.hypot(gx, gy) * weight, px, py });
    }
  }
  return samples;
}

// Every gradient is shared between the nearest two cells along x, along y, and two directions.
export function cellHistograms(samples) {
  const cells = new Float64Array(GRID * GRID * DIRECTIONS);
  for (const { column, row, direction, size } of samples) {
    const [r0, c0, d0] = [Math.floor(row), Math.floor(column), Math.floor(direction)];
    for (const r of [r0, r0 + 1]) {
      if (r < 0 || r >= GRID) continue;
      for (const c of [c0, c0 + 1]) {
        if (c < 0 || c >= GRID) continue;
        for (const d of [d0, d0 + 1]) {
          const share = (1 - Math.abs(row - r)) * (1 - Math.abs(column - c))
            * (1 - Math.abs(direction - d));
          cells[(r * GRID + c) * DIRECTIONS + (d % DIRECTIONS)] += share * size;
        }
      }
    }
  }
  return cells;
}

// Length 1, nothing above 0.2, length 1 again: strong edges must not outvote the rest.
export function normalized(cells) {
  const unit = (values) => {
    const length = Math.hypot(...values);
    return values.map((value) => (length > 0 ? value / length : 0));
  };
  return unit(unit(cells).map((value) => Math.min(value, 0.2)));
}

// Square roots of shares (RootSIFT, Arandjelovic and Zisserman 2012).
export function rootSift(numbers) {
  const sum = numbers.reduce((a, b) => a + b, 0);
  return numbers.map((value) => (sum > 0 ? Math.sqrt(value / sum) : 0));
}

export function describe(layer, x, y, sigma, angle) {
  return normalized(cellHistograms(sampleGradients(layer, x, y, sigma, angle)));
}
