// Two boxes to drag, and how much they overlap.
import { intersection, iou } from "../../numerics/boxes.js";
import { segments, slider } from "../../ui/controls.js";
import { num, readout, strong } from "../../ui/dom.js";
import { current } from "../../ui/images.js";
import { drawPlane, outlined, rectangle } from "../../ui/paint.js";
import { barChart } from "../../ui/plots.js";
import { step } from "../../ui/steps.js";
import { view } from "../../ui/view.js";
import { editBoxes } from "./editing.js";

const INKS = ["#7be08a", "#6fd0ff"];
const NAMES = ["truth", "found"];

export function iouStep() {
  let boxes = [[104, 26, 64, 64], [88, 40, 70, 56]];
  let [active, limit] = [1, 0.5];
  const [said, verdict] = [readout({ className: "sum" }), readout({ spoken: true })];
  const shown = view({ label: "Two boxes", tabbable: true,
    caption: "Drag a box or its lower right corner. Keys: arrows move, Alt with arrows resizes, Enter changes the box.",
    draw(context, width, height) {
      const { image } = current.value;
      const scale = width / image.width;
      drawPlane(context, image, {}, [0, 0, width, height], true);
      const [a, b] = boxes.map((box) => box.map((v) => v * scale));
      const [left, top] = [Math.max(a[0], b[0]), Math.max(a[1], b[1])];
      const [right, bottom] = [Math.min(a[0] + a[2], b[0] + b[2]), Math.min(a[1] + a[3], b[1] + b[3])];
      if (right > left && bottom > top) {
        context.fillStyle = "rgb(255 210 62 / 0.55)";
        context.fillRect(left, top, right - left, bottom - top);
      }
      [a, b].forEach((box, i) => {
        outlined(context, rectangle(...box), INKS[i], i === active ? 4 : 2.5);
        context.fillStyle = INKS[i];
        context.fillRect(box[0] + box[2] - 6, box[1] + box[3] - 6, 12, 12);
        context.font = "600 15px system-ui, sans-serif";
        context.lineWidth = 4;
        context.strokeStyle = "rgb(0 0 0 / 0.7)";
        context.textAlign = "left";
        const [tx, ty] = [box[0] + 4, Math.max(box[1] - 6, 14)];
        context.strokeText(NAMES[i], tx, ty);
        context.fillText(NAMES[i], tx, ty);
      });
    } });
  const chart = barChart({ label: "Intersection, union and their ratio", ratio: 1.6, top: 1, caption: "Areas as shares of the union; the dashed line is the limit",
    bars: () => {
      const both = intersection(...boxes);
      const union = boxes[0][2] * boxes[0][3] + boxes[1][2] * boxes[1][3] - both;
      return [{ name: "truth", value: (boxes[0][2] * boxes[0][3]) / union }, { name: "found", value: (boxes[1][2] * boxes[1][3]) / union },
        { name: "IoU", value: both / union, ink: "two" }];
    }, line: () => limit });
  const which = segments({ label: "Box that the keys move", name: "active-box", value: "1", options: [["0", "truth"], ["1", "found"]],
    onchange(text) {
      active = Number(text);
      shown.redraw();
    } });

  function show() {
    const both = intersection(...boxes);
    const [a, b] = boxes.map(([, , w, h]) => w * h);
    const value = iou(...boxes);
    said.set(`Intersection ${num(both, 0)} / union (${num(a, 0)} + ${num(b, 0)} − ${num(both, 0)}) = `, strong(num(value, 3, true)));
    verdict.set(value >= limit ? strong("Counts as found") : strong("Does not count as found"), `: IoU ${value >= limit ? "reaches" : "is below"} ${num(limit)}.`);
    shown.redraw();
    chart.redraw();
  }
  editBoxes(shown, {
    get: () => ({ boxes, active }),
    set(next, i) {
      boxes = next;
      if (i !== active) {
        active = i;
        which.set(String(i));
      }
      show();
    },
    next() {
      active = 1 - active;
      which.set(String(active));
      show();
    },
  });
  current.follow(({ image, name }) => {
    const { width: w, height: t } = image;
    boxes = name === "astronaut" ? [[82, 30, 52, 60], [70, 40, 58, 56]] : [[0.3 * w, 0.25 * t, 0.3 * w, 0.4 * t], [0.4 * w, 0.3 * t, 0.32 * w, 0.4 * t]].map((box) => box.map(Math.round));
    shown.setRatio(w / t);
    show();
  });
  return step({
    title: "IoU: how well does a box fit?",
    text: "A found box is never exactly the true one. Intersection over union compares them: the area "
      + "that both share, divided by the area that either covers. 1 is perfect, 0 is a miss, and from "
      + "0.5 on a box usually counts as found.",
    controls: [which, slider({ label: "Limit", name: "iou-limit", min: 0.1, max: 0.95, step: 0.05, value: 0.5, format: (v) => num(v), oninput(value) {
      limit = value;
      show();
    } })],
    visuals: [shown, chart],
    below: [said, verdict],
  });
}
