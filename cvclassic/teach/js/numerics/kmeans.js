// K-means, one half step at a time: every point to its nearest center, every center to the mean
// of its points (Lloyd 1982), from seeds far apart (Arthur and Vassilvitskii 2007).

export function squaredDistance(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

export function nearestWord(point, centers) {
  let [best, least] = [0, Infinity];
  centers.forEach((center, i) => {
    const distance = squaredDistance(point, center);
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}

export function assign(points, centers) {
  return points.map((point) => nearestWord(point, centers));
}

// A center without points stays where it is.
export function update(points, words, centers) {
  const sums = centers.map((center) => new Float64Array(center.length));
  const counts = new Array(centers.length).fill(0);
  points.forEach((point, i) => {
    counts[words[i]] += 1;
    const sum = sums[words[i]];
    for (let k = 0; k < point.length; k++) sum[k] += point[k];
  });
  return centers.map((center, j) => (counts[j] ? sums[j].map((v) => v / counts[j]) : center));
}

export function inertia(points, words, centers) {
  return points.reduce((sum, point, i) => sum + squaredDistance(point, centers[words[i]]), 0);
}

export function seeds(points, k, random) {
  const centers = [points[Math.floor(random() * points.length)]];
  const distance = points.map((point) => squaredDistance(point, centers[0]));
  while (centers.length < k) {
    let left = random() * distance.reduce((a, b) => a + b, 0);
    let next = distance.findIndex((d) => (left -= d) < 0);
    if (next < 0) next = Math.floor(random() * points.length);
    centers.push(points[next]);
    points.forEach((point, i) => {
      distance[i] = Math.min(distance[i], squaredDistance(point, points[next]));
    });
  }
  return centers;
}
