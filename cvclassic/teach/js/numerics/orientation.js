// Stage 4 of SIFT, first half: the dominant directions of the gradients around a keypoint
// (Lowe 2004, section 5). Angles turn from x (right) to y (down).

export const BINS = 36;

function slope({ width, height, data }, x, y) {
  const at = (column, row) => data[row * width + column];
  const across = x === 0 ? at(1, y) - at(0, y)
    : x === width - 1 ? at(x, y) - at(x - 1, y) : (at(x + 1, y) - at(x - 1, y)) / 2;
  const down = y === 0 ? at(x, 1) - at(x, 0)
    : y === height - 1 ? at(x, y) - at(x, y - 1) : (at(x, y + 1) - at(x, y - 1)) / 2;
  return [across, down];
}

// Gradients in a round window of 1.5 sigma, summed up by direction; smoothed twice.
export function orientationHistogram(layer, x, y, sigma) {
  const width = 1.5 * sigma;
  const radius = Math.ceil(3 * width);
  let bins = new Array(BINS).fill(0);
  const [cx, cy] = [Math.round(x), Math.round(y)];
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) {
      const [px, py] = [cx + dx, cy + dy];
      if (px < 0 || py < 0 || px >= layer.width || py >= layer.height) continue;
      const [gx, gy] = slope(layer, px, py);
      const weight = Math.exp(-(dx * dx + dy * dy) / (2 * width * width)) * Math.hypot(gx, gy);
      const bin = Math.round((Math.atan2(gy, gx) * BINS) / (2 * Math.PI));
      bins[((bin % BINS) + BINS) % BINS] += weight;
    }
  }
  for (let round = 0; round < 2; round++) {
    bins = bins.map((v, i) => (bins[(i + BINS - 1) % BINS] + v + bins[(i + 1) % BINS]) / 3);
  }
  return bins;
}

// Every peak within 80% of the highest gives a keypoint of its own.
export function peakAngles(bins) {
  const highest = Math.max(...bins);
  const angles = [];
  bins.forEach((value, i) => {
    const [before, after] = [bins[(i + BINS - 1) % BINS], bins[(i + 1) % BINS]];
    if (value <= before || value <= after || value < 0.8 * highest) return;
    const place = i + (before - after) / (2 * (before - 2 * value + after));
    const angle = (place * 2 * Math.PI) / BINS;
    angles.push((angle + 2 * Math.PI) % (2 * Math.PI));
  });
  return angles;
}
