// The two directions in which points spread most (principal components), by power iteration:
// only for drawing 128 numbers on a flat screen.

function times(points, mean, direction) {
  const out = new Float64Array(mean.length);
  for (const point of points) {
    let dot = 0;
    for (let k = 0; k < mean.length; k++) dot += (point[k] - mean[k]) * direction[k];
    for (let k = 0; k < mean.length; k++) out[k] += dot * (point[k] - mean[k]);
  }
  return out;
}

function unit(vector) {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / (length || 1));
}

export function principalPlane(points, rounds = 30) {
  const mean = new Float64Array(points[0].length);
  for (const point of points) point.forEach((value, k) => (mean[k] += value / points.length));
  const axes = [];
  for (let axis = 0; axis < 2; axis++) {
    let direction = unit(mean.map((_, k) => Math.sin(k + 1 + axis)));
    for (let round = 0; round < rounds; round++) {
      direction = times(points, mean, direction);
      for (const other of axes) {
        const dot = direction.reduce((sum, v, k) => sum + v * other[k], 0);
        direction = direction.map((v, k) => v - dot * other[k]);
      }
      direction = unit(direction);
    }
    axes.push(direction);
  }
  return { mean, axes };
}

export function project({ mean, axes }, point) {
  return axes.map((axis) => axis.reduce((sum, v, k) => sum + v * (point[k] - mean[k]), 0));
}
