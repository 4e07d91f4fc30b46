// Windows that nearly coincide become one box, as OpenCV and cvclassic.cascade group them.

const CLOSE = 0.2;

function near([ax, ay, aw, ah], [bx, by, bw, bh]) {
  const slack = CLOSE * 0.5 * (Math.min(aw, bw) + Math.min(ah, bh));
  return Math.abs(ax - bx) <= slack && Math.abs(ay - by) <= slack
    && Math.abs(ax + aw - bx - bw) <= slack && Math.abs(ay + ah - by - bh) <= slack;
}

// Groups of indices: two windows belong together if a chain of near ones joins them.
export function chains(boxes) {
  const group = boxes.map((_, i) => i);
  const root = (i) => (group[i] === i ? i : (group[i] = root(group[i])));
  for (let i = 0; i < boxes.length; i++) {
    for (let j = 0; j < i; j++) if (near(boxes[i], boxes[j])) group[root(i)] = root(j);
  }
  const found = new Map();
  boxes.forEach((_, i) => {
    if (!found.has(root(i))) found.set(root(i), []);
    found.get(root(i)).push(i);
  });
  return [...found.values()];
}

// Halves go to the even neighbor, as NumPy and OpenCV round.
export function roundEven(value) {
  const whole = Math.round(value);
  return Math.abs(value % 1) === 0.5 && whole % 2 !== 0 ? whole - 1 : whole;
}

export function groupBoxes(boxes, minNeighbors) {
  const groups = chains(boxes)
    .filter((rows) => rows.length > minNeighbors)
    .map((rows) => ({
      count: rows.length,
      box: [0, 1, 2, 3].map((k) => roundEven(Math.fround(
        rows.reduce((sum, i) => sum + boxes[i][k], 0) * Math.fround(1 / rows.length),
      ))),
    }));
  // small groups inside larger boxes of more windows are left out
  return groups.filter(({ box: [x, y, w, h], count }, i) => !groups.some(({ box: b, count: n }, j) => {
    if (i === j) return false;
    const [dx, dy] = [roundEven(b[2] * CLOSE), roundEven(b[3] * CLOSE)];
    const inside = x >= b[0] - dx && y >= b[1] - dy
      && x + w <= b[0] + b[2] + dx && y + h <= b[1] + b[3] + dy;
    return inside && (n > Math.max(count, 3) || count < 3);
  }));
}
