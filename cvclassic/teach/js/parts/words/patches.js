// The small image around a keypoint, turned upright and scaled to one size.
import { picture } from "../../ui/paint.js";

const REACH = 3; // sigmas of the keypoint on each side: half of what the descriptor sees

export function drawPatch(context, { x, y, size, angle }, image, left, top, side) {
  const scale = side / (2 * REACH * size);
  context.save();
  context.beginPath();
  context.rect(left, top, side, side);
  context.clip();
  context.translate(left + side / 2, top + side / 2);
  context.scale(scale, scale);
  context.rotate(-angle);
  context.imageSmoothingEnabled = true;
  context.drawImage(picture(image), -x - 0.5, -y - 0.5);
  context.restore();
}

// The patches of a word that lie nearest to its center.
export function nearestPatches(points, words, centers, word, many, distance) {
  return points
    .map((point, i) => ({ point, i }))
    .filter(({ i }) => words[i] === word)
    .map(({ point }) => ({ point, d: distance(point.descriptor, centers[word]) }))
    .sort((a, b) => a.d - b.d)
    .slice(0, many)
    .map(({ point }) => point);
}
