// One keypoint: why it is an extremum, where exactly it lies, what was asked of it, where it points.
import { edgeRatio } from "../../numerics/extrema.js";
import { BINS, orientationHistogram, peakAngles } from "../../numerics/orientation.js";
import { home } from "../../numerics/sift.js";
import { h, num, readout, strong } from "../../ui/dom.js";
import { numberGrid } from "../../ui/numbers.js";
import { drawPlane, line, outlined } from "../../ui/paint.js";
import { barChart } from "../../ui/plots.js";
import { step } from "../../ui/steps.js";
import { color } from "../../ui/theme.js";
import { view } from "../../ui/view.js";

const degrees = (angle) => `${num((angle * 180) / Math.PI, 0)}°`;

export function followStep(shared) {
  const names = ["Layer below", "Its own layer", "Layer above"];
  const grids = names.map((label) => numberGrid({ label }));
  const [place, tests, turn] = [readout(), readout(), readout()];
  let bins = new Array(BINS).fill(0);
  let patch = null;
  const around = view({ label: "Surroundings of the keypoint with gradients", caption: "Gradients around it, in the layer that it was found in",
    className: "middle", draw(context, width, height) {
      if (patch) drawGradients(context, patch, width, height);
    } });
  const histogram = barChart({ label: "Histogram of gradient directions", ratio: 1.8, line: 0.8, top: 1,
    caption: "Directions of the gradients, 36 bins of 10°. Every peak above the dashed line (80%) gives a keypoint.",
    bars: () => {
      const most = Math.max(...bins) || 1;
      return bins.map((value, i) => ({ value: value / most, ink: value >= 0.8 * most ? "two" : "one", name: i % 9 === 0 ? `${i * 10}°` : undefined }));
    } });

  shared.follow(({ space, followed, options }) => {
    if (!followed) {
      place.set("There is no keypoint to follow. Choose another image, or lower the least contrast.");
      return;
    }
    const { spot } = followed;
    const dogs = space.dogs[followed.octave];
    const [x, y, layer] = spot.at;
    grids.forEach((grid, i) => grid.set([-1, 0, 1].map((dy) => [-1, 0, 1].map((dx) => {
      const plane = dogs[layer + i - 1];
      const value = plane.data[(y + dy) * plane.width + x + dx];
      return { text: num(1000 * value, 1), mark: i === 1 && dx === 0 && dy === 0 ? "best" : "" };
    }))));
    const kind = spot.value > 0 ? "larger" : "smaller";
    place.set(`The green number is ${kind} than all its 26 neighbors (differences × 1000). A parabola through `
      + `them has its top at ${num(spot.shift[0])}, ${num(spot.shift[1])} pixels and ${num(spot.shift[2])} layers from the middle: `
      + "the keypoint is known more finely than the pixels.");
    const least = options.contrast / options.nLayers;
    const limit = (options.edge + 1) ** 2 / options.edge;
    tests.set("Contrast there: ", strong(num(Math.abs(spot.value), 4)), `, at least ${num(least, 4)} is asked for. `,
      "Curvature, trace² / determinant: ", strong(num(edgeRatio(spot.hessian), 1)), `, it must be below ${num(limit, 1)} (4 is round, an edge has much more).`);
    const found = home(space, followed, options);
    bins = orientationHistogram(found.layer, found.x, found.y, found.sigma);
    const angles = peakAngles(bins);
    turn.set(`Direction of this keypoint: `, strong(degrees(followed.angle)),
      angles.length > 1 ? `. The histogram has ${angles.length} peaks, so ${angles.length} keypoints lie here: ${angles.map(degrees).join(", ")}.`
        : ". One peak, one keypoint. Turn the image, and the direction turns with it.");
    patch = { ...found, angle: followed.angle };
    around.redraw();
    histogram.redraw();
  });
  return step({
    title: "One keypoint, followed",
    text: "Choose a keypoint in the step before. Here are the numbers that decided about it, and the "
      + "gradients that give it a direction. Whatever is measured later is measured along this "
      + "direction, so it does not matter how the camera was held.",
    visuals: [
      h("div", { class: "three" }, names.map((name, i) => h("figure", { class: "view" }, grids[i].element, h("figcaption", {}, name)))),
      around, histogram,
    ],
    below: [place, tests, turn],
  });
}

// The layer around the keypoint, enlarged, with a line along every second gradient.
function drawGradients(context, { layer, x, y, sigma, angle }, width, height) {
  const radius = Math.ceil(4.5 * sigma);
  const side = 2 * radius + 1;
  const [left, top] = [Math.round(x) - radius, Math.round(y) - radius];
  const scale = width / side;
  context.fillStyle = color("soft");
  context.fillRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(0, 0, width, height);
  context.clip();
  drawPlane(context, layer, { low: 0, high: 1 }, [-left * scale, -top * scale, layer.width * scale, layer.height * scale]);
  const every = Math.max(1, Math.round(side / 18));
  const arrows = [];
  for (let py = Math.max(top, 1); py < Math.min(top + side, layer.height - 1); py += every) {
    for (let px = Math.max(left, 1); px < Math.min(left + side, layer.width - 1); px += every) {
      const i = py * layer.width + px;
      const [gx, gy] = [layer.data[i + 1] - layer.data[i - 1], layer.data[i + layer.width] - layer.data[i - layer.width]];
      arrows.push([(px - left + 0.5) * scale, (py - top + 0.5) * scale, gx, gy]);
    }
  }
  // the longest spans its cell one and a half times
  const most = Math.max(...arrows.map(([, , gx, gy]) => Math.hypot(gx, gy)), 1e-9);
  const reach = (1.5 * every * scale) / most;
  for (const [px, py, gx, gy] of arrows) outlined(context, line([px, py], [px + gx * reach, py + gy * reach]), "#6fd0ff", 1.5);
  const [cx, cy] = [(x - left + 0.5) * scale, (y - top + 0.5) * scale];
  const long = 3 * sigma * scale;
  outlined(context, line([cx, cy], [cx + long * Math.cos(angle), cy + long * Math.sin(angle)]), color("mark"), 3);
  context.restore();
}
