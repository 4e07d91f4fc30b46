// What the steps of this part share: the scale space of the image, what was found, who is followed.
import { buildSpace, DEFAULTS, stages } from "../../numerics/sift.js";
import { current } from "../../ui/images.js";
import { store } from "../../ui/store.js";

export const STAGES = [
  ["extrema", "1. Extrema"],
  ["strong", "2. With enough contrast"],
  ["stable", "3. Not on an edge"],
  ["oriented", "4. With a direction"],
];

export function siftState() {
  const shared = store({ space: null, found: null, options: { ...DEFAULTS }, followed: null });

  function look(changes = {}) {
    const options = { ...shared.value.options, ...changes };
    const { image } = current.value;
    const space = shared.value.image === image ? shared.value.space : buildSpace(image, options);
    const found = stages(space, options);
    const { followed } = shared.value;
    const again = shared.value.image === image && followed ? nearest(found.oriented, followed.x, followed.y) : null;
    shared.set({ image, space, options, found, followed: again ?? favorite(found.oriented) });
  }
  current.follow(() => look());
  return { shared, look };
}

// To begin with: a strong keypoint of some size, so that there is something to see.
function favorite(points) {
  return points.find(({ size, octave }) => size > 10 && octave > 0) ?? points[0] ?? null;
}

export function nearest(points, x, y) {
  let [best, least] = [null, Infinity];
  for (const point of points) {
    const distance = Math.hypot(point.x - x, point.y - y);
    if (distance < least) [best, least] = [point, distance];
  }
  return best;
}
