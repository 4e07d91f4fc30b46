// One image as a histogram of words.
import { assign, squaredDistance } from "../../numerics/kmeans.js";
import { wordCounts } from "../../numerics/histogram.js";
import { h, num, readout, strong } from "../../ui/dom.js";
import { bitmap, circle, drawPlane, outlined } from "../../ui/paint.js";
import { barAt, barChart } from "../../ui/plots.js";
import { step } from "../../ui/steps.js";
import { color, wheel } from "../../ui/theme.js";
import { onDrag, onKeys, view } from "../../ui/view.js";
import { drawPatch, nearestPatches } from "./patches.js";

export function testChooser(shared) {
  const { test } = shared.value;
  const buttons = test.map((entry, i) => h("button", { type: "button", name: `test-${i}`, title: `${entry.label} ${i + 1}`,
    "aria-label": `Test image ${i + 1}, ${entry.label}`, onclick: () => shared.set({ chosen: i, picked: null }) }, bitmap(entry.image)));
  shared.follow(({ chosen = 0 }) => buttons.forEach((b, i) => b.setAttribute("aria-pressed", i === chosen)));
  return h("div", { class: "images tests", role: "group", "aria-label": "Test image" }, buttons);
}

export function histogramStep({ shared }) {
  const said = readout({ spoken: true });
  const entry = () => shared.value.test[shared.value.chosen ?? 0];
  let words = [];
  const shown = view({ label: "Test image with its keypoints, colored by word", tabbable: true,
    caption: "Keypoints in the color of their word. Press one, or go through them with the arrow keys.",
    draw(context, width, height) {
      const { image, features } = entry();
      const scale = width / image.width;
      drawPlane(context, image, {}, [0, 0, width, height], true);
      features.forEach((point, i) => {
        const path = circle((point.x + 0.5) * scale, (point.y + 0.5) * scale, Math.max((point.size / 2) * scale, 4));
        outlined(context, path, wheel(words[i], shared.value.centers.length), i === shared.value.picked ? 6 : 2.5);
      });
    } });
  const chart = barChart({ label: "Histogram of words", caption: "How often each word occurs in this image", ratio: 1.9,
    bars: () => wordCounts(words, shared.value.centers.length).map((value, i) => ({ value, ink: wheel(i, shared.value.centers.length),
      name: String(i + 1), mark: shared.value.picked !== null && words[shared.value.picked] === i })) });
  const word = view({ label: "A patch beside its word", ratio: 5.5, className: "strip tiles", caption: "",
    draw(context, width, height) {
      const { picked, points, centers, words: all } = shared.value;
      if (picked === null || !all) return;
      drawPatch(context, entry().features[picked], entry().image, 0, 0, height);
      const side = height;
      nearestPatches(points, all, centers, words[picked], 5, squaredDistance).forEach((point, i) =>
        drawPatch(context, point, point.image.image, side * (i + 1.3), 0, side - 4));
      context.fillStyle = color("ink");
      context.fillRect(side * 1.13, 0, 2, side);
    } });

  const pick = (i) => shared.set({ picked: i });
  onDrag(shown, { start(u, v) {
    const { image, features } = entry();
    const [x, y] = [u * image.width, v * image.height];
    const distances = features.map((f) => Math.hypot(f.x - x, f.y - y));
    pick(distances.length ? distances.indexOf(Math.min(...distances)) : null);
    return false;
  }, move() {} });
  onKeys(shown, (dx, dy) => {
    const n = entry().features.length;
    if (n) pick(((shared.value.picked ?? -1) + Math.sign(dx + dy) + n) % n);
  });
  chart.canvas.addEventListener("click", (event) => {
    const i = words.indexOf(barAt(chart, chart.place(event)[0], shared.value.centers.length));
    if (i >= 0) pick(i);
  });
  shared.follow(() => {
    const { centers, picked } = shared.value;
    const { features } = entry();
    words = assign(features.map((f) => f.descriptor), centers);
    if (picked === null) said.set(`${features.length} keypoints become ${centers.length} numbers. Press a keypoint to see its word.`);
    else {
      const distances = centers.map((c, i) => [squaredDistance(features[picked].descriptor, c), i]).sort((a, b) => a[0] - b[0]);
      said.set(strong(`Keypoint ${picked + 1} → word ${words[picked] + 1}. `), "Squared distances to the nearest words: ",
        distances.slice(0, 3).map(([d, i]) => `word ${i + 1}: ${num(d, 3)}`).join(", "), ".");
    }
    word.setCaption(picked === null ? "" : `Left: the patch. Right: training patches nearest to word ${words[picked] + 1}.`);
    for (const one of [shown, chart, word]) one.redraw();
  });
  return step({
    title: "An image as a histogram",
    text: "Now every image, whatever its size, becomes k numbers: for each of its keypoints, find the "
      + "nearest word, and count. Where the words lie is forgotten, which is why this is called a "
      + "bag of words.",
    actions: [testChooser(shared)],
    visuals: [shown, h("div", { class: "stack" }, chart.element, word.element)],
    below: [said],
  });
}
