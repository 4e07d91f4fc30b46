// Boxes are [left, top, width, height]: overlap, non-maximum suppression, sliding windows.

export function intersection([ax, ay, aw, ah], [bx, by, bw, bh]) {
  const width = Math.min(ax + aw, bx + bw) - Math.max(ax, bx);
  const height = Math.min(ay + ah, by + bh) - Math.max(ay, by);
  return Math.max(width, 0) * Math.max(height, 0);
}

export function iou(a, b) {
  const both = intersection(a, b);
  const union = a[2] * a[3] + b[2] * b[3] - both;
  return union > 0 ? both / union : 0;
}

// Greedy suppression, one entry per decision: who was kept, and whom that removed.
export function suppressionSteps(boxes, scores, limit) {
  const order = boxes.map((_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b);
  const gone = new Set();
  const steps = [];
  for (const best of order) {
    if (gone.has(best)) continue;
    const removed = order.filter(
      (i) => i !== best && !gone.has(i) && !steps.some((s) => s.kept === i)
        && iou(boxes[best], boxes[i]) > limit,
    );
    removed.forEach((i) => gone.add(i));
    steps.push({ kept: best, removed });
  }
  return steps;
}

export function suppress(boxes, scores, limit) {
  return suppressionSteps(boxes, scores, limit).map(({ kept }) => kept);
}

// Sides of an image pyramid: each level smaller by `factor` until the window no longer fits.
export function pyramid(width, height, window, factor) {
  const levels = [];
  for (let scale = 1; ; scale *= factor) {
    const level = { scale, width: Math.round(width / scale), height: Math.round(height / scale) };
    if (Math.min(level.width, level.height) < window) return levels;
    levels.push(level);
  }
}

export function windowCount(width, height, window, stride) {
  if (window > width || window > height) return 0;
  return (
    (Math.floor((width - window) / stride) + 1) * (Math.floor((height - window) / stride) + 1)
  );
}
