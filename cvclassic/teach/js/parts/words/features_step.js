// From images to patches: keypoints of all training images.
import { count, h, readout } from "../../ui/dom.js";
import { drawPlane } from "../../ui/paint.js";
import { step } from "../../ui/steps.js";
import { color } from "../../ui/theme.js";
import { view } from "../../ui/view.js";
import { drawKeypoint } from "../sift/points_step.js";
import { drawPatch } from "./patches.js";

export function featuresStep(shared) {
  const { train, classes, points } = shared.value;
  const said = readout();
  const rows = classes.map((label) => h("div", { class: "maps-row" }, h("h4", {}, label),
    h("div", { class: "gallery" }, train.filter((entry) => entry.label === label).map(({ image, features }) =>
      view({ label: `${label} with ${features.length} keypoints`, draw(context, width, height) {
        drawPlane(context, image, {}, [0, 0, width, height], true);
        for (const point of features) drawKeypoint(context, point, width / image.width, "#6fd0ff", 1);
      } }).element))));
  // every seventh patch, in rows: what the vocabulary is made from
  const shown = points.filter((_, i) => i % Math.ceil(points.length / 96) === 0);
  const patches = view({ label: "Some of the patches", ratio: 8, className: "strip tiles",
    caption: "Some of the patches, turned upright", draw(context, width, height) {
      const columns = 32;
      const side = width / columns;
      context.fillStyle = color("soft");
      context.fillRect(0, 0, width, height);
      shown.forEach((point, i) => drawPatch(context, point, point.image.image, (i % columns) * side, Math.floor(i / columns) * side, side - 1));
    } });
  patches.setRatio(32 / 3);
  said.set(`${train.length} training images of ${classes.length} classes gave ${count(points.length)} patches, each described by 128 numbers.`);
  return step({
    title: "From images to patches",
    text: "A classifier needs the same number of inputs for every image, but every image has its own "
      + "keypoints. The way out: make a vocabulary of typical patches, and count how often each "
      + "occurs. First, keypoints and their descriptors from all training images.",
    visuals: [h("div", { class: "maps materials" }, rows)],
    below: [patches, said],
  });
}
