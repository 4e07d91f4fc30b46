// Stages 2 to 4: extrema, and which of them stay.
import { segments, slider } from "../../ui/controls.js";
import { count, num, readout } from "../../ui/dom.js";
import { current } from "../../ui/images.js";
import { circle, drawPlane, line, outlined } from "../../ui/paint.js";
import { barChart } from "../../ui/plots.js";
import { step } from "../../ui/steps.js";
import { color } from "../../ui/theme.js";
import { onDrag, onKeys, view } from "../../ui/view.js";
import { nearest, STAGES } from "./state.js";

const INKS = { extrema: "#ff8a5c", strong: "#ffd23e", stable: "#7be08a", oriented: "#6fd0ff" };

export function drawKeypoint(context, { x, y, size, angle }, scale, ink, width = 1.5) {
  const radius = Math.max((size / 2) * scale, 2.5);
  const [px, py] = [(x + 0.5) * scale, (y + 0.5) * scale];
  outlined(context, circle(px, py, radius), ink, width);
  if (angle === undefined) return;
  outlined(context, line([px, py], [px + radius * Math.cos(angle), py + radius * Math.sin(angle)]), ink, width);
}

export function pointsStep(shared, look) {
  let stage = "oriented";
  const said = readout({ spoken: true });
  const shown = view({ label: "Image with keypoints", tabbable: true,
    caption: "Press a keypoint to follow it; with the keyboard, the arrow keys go from one to the next.",
    draw(context, width, height) {
      const { image } = current.value;
      const { found, followed } = shared.value;
      const scale = width / image.width;
      drawPlane(context, image, {}, [0, 0, width, height], true);
      for (const point of found[stage]) drawKeypoint(context, point, scale, INKS[stage]);
      if (followed) drawKeypoint(context, followed, scale, color("mark"), 4);
    } });
  const chart = barChart({ label: "Keypoints after each stage", caption: "How many are left after each stage", ratio: 1.7,
    bars: () => STAGES.map(([key, title]) => ({ value: shared.value.found[key].length, ink: key === stage ? "two" : "one", name: title.slice(0, 1) })) });
  onDrag(shown, { start(u, v) {
    const { image } = current.value;
    const { found } = shared.value;
    const point = nearest(found.oriented, u * image.width - 0.5, v * image.height - 0.5);
    if (point) shared.set({ followed: point });
    return false;
  }, move() {} });
  onKeys(shown, (dx, dy) => {
    const { found: { oriented }, followed } = shared.value;
    if (!oriented.length) return;
    const i = oriented.indexOf(followed) + Math.sign(dx + dy);
    shared.set({ followed: oriented[(i + oriented.length) % oriented.length] });
  });
  shared.follow(({ found, followed, image }) => {
    shown.setRatio(image.width / image.height);
    said.set(`${STAGES.map(([key, title]) => `${title.slice(3)}: ${count(found[key].length)}`).join(" → ")}.`,
      followed ? ` Followed: x ${num(followed.x, 1)}, y ${num(followed.y, 1)}, diameter ${num(followed.size, 1)} pixels.` : " No keypoint.");
    shown.redraw();
    chart.redraw();
  });
  return step({
    title: "Stages 2 and 3: keypoints",
    text: "A candidate is larger (or smaller) than its 26 neighbors: 8 beside it, 9 in the layer "
      + "below, 9 above. Faint ones go, because noise would move them. Those on an edge go, because "
      + "they could slide along it. The rest can be found again in another photo.",
    controls: [
      segments({ label: "Show", name: "stage", value: stage, options: STAGES, onchange(key) {
        stage = key;
        shown.redraw();
        chart.redraw();
      } }),
      slider({ label: "Least contrast", name: "contrast", min: 0.01, max: 0.12, step: 0.01, value: 0.04, format: (v) => num(v), oninput: (contrast) => look({ contrast }) }),
      slider({ label: "Edge threshold", name: "edge", min: 2, max: 30, value: 10, oninput: (edge) => look({ edge }) }),
    ],
    visuals: [shown, chart],
    below: [said],
  });
}
