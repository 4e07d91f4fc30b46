// Points in two dimensions with labels 0 and 1: data to train on, with noise as wished.
import { normal, randomSource, shuffled } from "./random.js";

const MAKERS = {
  blobs: (label, random) => {
    const center = label ? 0.45 : -0.45;
    return [center + 0.22 * normal(random), center + 0.22 * normal(random)];
  },
  xor: (label, random) => {
    const side = random() < 0.5 ? 1 : -1;
    const [x, y] = [0.15 + 0.75 * random(), 0.15 + 0.75 * random()];
    return [side * x, (label ? -side : side) * y];
  },
  circles: (label, random) => {
    const radius = label ? 0.38 * Math.sqrt(random()) : 0.62 + 0.25 * random();
    const angle = 2 * Math.PI * random();
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  moons: (label, random) => {
    const angle = Math.PI * random();
    const [x, y] = [0.6 * Math.cos(angle), 0.6 * Math.sin(angle)];
    return label ? [0.3 + x, 0.2 - y] : [x - 0.3, y - 0.2];
  },
  spirals: (label, random) => {
    const t = 0.25 + 0.75 * random();
    const angle = 2.3 * Math.PI * t + label * Math.PI;
    return [0.9 * t * Math.cos(angle), 0.9 * t * Math.sin(angle)];
  },
};

export const SHAPES = Object.keys(MAKERS);

export function makePoints({ shape, n, noise, seed }) {
  const random = randomSource(seed);
  const x = [];
  const y = [];
  for (const i of shuffled(n, random)) {
    const label = i % 2;
    const [px, py] = MAKERS[shape](label, random);
    x.push([px + noise * normal(random), py + noise * normal(random)]);
    y.push(label);
  }
  return { x, y };
}

// The first part is kept for validation: the points come in random order.
export function split({ x, y }, share) {
  const cut = Math.round(share * x.length);
  return {
    train: { x: x.slice(cut), y: y.slice(cut) },
    validation: { x: x.slice(0, cut), y: y.slice(0, cut) },
  };
}
