// K-means, half a step at a time, with the patches of each word.
import { squaredDistance } from "../../numerics/kmeans.js";
import { project } from "../../numerics/projection.js";
import { button, playButton, slider } from "../../ui/controls.js";
import { h, num, plural, readout, strong } from "../../ui/dom.js";
import { circle } from "../../ui/paint.js";
import { lineChart } from "../../ui/plots.js";
import { step } from "../../ui/steps.js";
import { color, wheel } from "../../ui/theme.js";
import { view } from "../../ui/view.js";
import { drawPatch, nearestPatches } from "./patches.js";

const SHOWN = 7; // patches of each word

export function kmeansStep({ shared, begin, half, finish }) {
  const { points, plane } = shared.value;
  const flat = points.map(({ descriptor }) => project(plane, descriptor));
  const low = [0, 1].map((axis) => Math.min(...flat.map((p) => p[axis])));
  const high = [0, 1].map((axis) => Math.max(...flat.map((p) => p[axis])));
  const said = readout({ spoken: true });
  const cloud = view({ label: "Patches and centers", caption: "Every dot is a patch, 128 numbers flattened to 2; large rings are the centers",
    draw(context, width, height) {
      const { words, centers } = shared.value;
      const place = (p) => [0, 1].map((axis) => 12 + ((p[axis] - low[axis]) / (high[axis] - low[axis])) * ((axis ? height : width) - 24));
      context.fillStyle = color("soft");
      context.fillRect(0, 0, width, height);
      flat.forEach((p, i) => {
        context.fillStyle = words ? wheel(words[i], centers.length) : color("faint");
        context.fill(circle(...place(p), 2.5));
      });
      centers.forEach((center, word) => {
        const path = circle(...place(project(plane, center)), 9);
        context.lineWidth = 3;
        context.fillStyle = wheel(word, centers.length);
        context.strokeStyle = color("ink");
        context.fill(path);
        context.stroke(path);
      });
    } });
  const chart = lineChart({ label: "Inertia", caption: "Sum of squared distances to the nearest center, after each assignment",
    ratio: 1.7, series: () => [{ values: shared.value.history, ink: "one" }] });
  const table = view({ label: "The patches nearest to each word", ratio: 2, className: "words", caption: "Each row is a visual word: the patches nearest to its center",
    draw(context, width, height) {
      const { words, centers } = shared.value;
      if (!words) return;
      const columns = width > 520 ? 2 : 1;
      const rows = Math.ceil(centers.length / columns);
      const side = Math.min(height / rows, width / columns / (SHOWN + 1.1));
      centers.forEach((_, word) => {
        const left = Math.floor(word / rows) * (width / columns);
        const top = (word % rows) * side;
        context.fillStyle = wheel(word, centers.length);
        context.fillRect(left, top, side * 0.5, side - 3);
        context.fillStyle = color("paper");
        context.textAlign = "center";
        context.font = `600 ${Math.max(11, side * 0.26)}px system-ui, sans-serif`;
        context.fillText(String(word + 1), left + side * 0.25, top + side * 0.57);
        nearestPatches(points, words, centers, word, SHOWN, squaredDistance).forEach((point, i) =>
          drawPatch(context, point, point.image.image, left + side * (0.6 + i), top, side - 3));
      });
    } });
  const play = playButton(() => half(), { pause: 350, label: "Run", name: "run-kmeans" });
  const halfButton = button("", () => half(), { name: "half-kmeans" });

  shared.follow(({ words, moved, done, changes, history, k, rounds }) => {
    halfButton.textContent = moved ? "Assign patches" : "Move centers";
    table.setRatio(matchMedia("(max-width: 700px)").matches ? 8 / k : (2 * 8.1) / Math.ceil(k / 2));
    if (!words) said.set(`${plural(k, "center")} lie on patches far from each other (k-means++). Now assign every patch to its nearest center.`);
    else if (done) said.set(strong("Done. "), `No patch changes its center any more, after ${plural(rounds, "round")}. Sum of squared distances: ${num(history.at(-1), 1)}.`);
    else if (moved) said.set("Every center moved to the mean of its patches. Assign again: some patches are nearer to another center now.");
    else said.set(`${plural(changes, "patch", "patches")} assigned anew. Sum of squared distances: ${num(history.at(-1), 1)}. Now move the centers.`);
    table.element.hidden = !words;
    for (const shown of [cloud, chart, table]) shown.redraw();
  });
  return step({
    title: "K-means: the vocabulary",
    text: "K-means finds k typical patches, the visual words. Two half steps take turns: assign every "
      + "patch to the nearest center, then move every center to the mean of its patches. Neither can "
      + "make the sum of squared distances larger, so it must come to rest.",
    controls: [slider({ label: "Words (k)", name: "k", min: 2, max: 24, value: 12, oninput(k) {
      play.stop();
      begin({ k });
    } })],
    actions: [play, halfButton, button("To the end", () => finish(), { name: "finish-kmeans" }),
      button("New start", () => {
        play.stop();
        begin({ seed: shared.value.seed + 1 });
      }, { name: "restart-kmeans" })],
    visuals: [h("div", { class: "kmeans" }, h("div", { class: "stack" }, cloud.element, chart.element), table.element)],
    below: [said],
  });
}
