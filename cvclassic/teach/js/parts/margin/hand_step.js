// Draw a line by hand and compare its margin with the widest possible one.
import { makePoints } from "../../numerics/points.js";
import { lineMargin, marginWidth, trainSvm, weights } from "../../numerics/svm.js";
import { button, slider, toggle } from "../../ui/controls.js";
import { num, readout, strong } from "../../ui/dom.js";
import { circle } from "../../ui/paint.js";
import { scatter, strokeLine, toPoint, toShare } from "../../ui/scatter.js";
import { step } from "../../ui/steps.js";
import { color } from "../../ui/theme.js";
import { onDrag, onKeys } from "../../ui/view.js";

// Two groups that a line can separate, with a gap that is neither upright nor level.
function separable(seed) {
  const { x, y } = makePoints({ shape: "blobs", n: 26, noise: 0, seed });
  return { x: x.map(([a, b], i) => [0.85 * a + (y[i] ? 0.14 : -0.14), 0.85 * b + (y[i] ? 0.1 : -0.1)]), y };
}

export function handStep() {
  let points = separable(4);
  let ends = [[-0.4, 0.9], [0.3, -0.9]];
  let [active, seed, reveal] = [0, 4, false];
  const said = readout({ spoken: true, className: "sum" });
  const best = () => {
    const model = trainSvm(points, { C: 1e4 });
    return { line: { w: weights(model), b: model.b }, width: marginWidth(model) };
  };
  // class 1 lies to the side where the line's sum is positive
  function line() {
    const [[ax, ay], [bx, by]] = ends;
    const w = [ay - by, bx - ax];
    const b = -(w[0] * ax + w[1] * ay);
    const votes = points.x.reduce((sum, p, i) => sum + (points.y[i] ? 1 : -1) * Math.sign(w[0] * p[0] + w[1] * p[1] + b), 0);
    return votes < 0 ? { w: w.map((v) => -v), b: -b } : { w, b };
  }
  const shown = scatter({ label: "Points and your line", caption: "Drag the two handles. Keys: arrows move a handle, Enter takes the other.",
    look: () => ({ points }),
    edit() {},
    paint(context, width, height) {
      const own = line();
      const margin = lineMargin(own, points);
      if (margin > 0) band(context, own, margin * Math.hypot(...own.w), width, height, "three");
      context.strokeStyle = color("ink");
      context.lineWidth = 3;
      strokeLine(context, own, 0, width, height);
      if (reveal) {
        const { line: widest } = best();
        band(context, widest, 1, width, height, "two");
        context.strokeStyle = color("two");
        strokeLine(context, widest, 0, width, height);
      }
      ends.forEach((end, i) => {
        const [u, v] = toShare(end);
        context.fillStyle = color(i === active ? "mark" : "paper");
        context.strokeStyle = color("ink");
        context.lineWidth = 2.5;
        const path = circle(u * width, v * height, 9);
        context.fill(path);
        context.stroke(path);
      });
    } });

  function show() {
    const margin = lineMargin(line(), points);
    const { width } = best();
    said.set(margin > 0 ? `Your margin: ${num(2 * margin, 3, true)}. ` : "Your line does not separate the classes. ",
      strong(`Widest possible: ${num(width, 3, true)}`), margin > 0.995 * (width / 2) ? ". You have found it!" : ".");
    shown.redraw();
  }
  const hint = toggle({ label: "Show the widest margin", name: "reveal", onchange(on) {
    reveal = on;
    show();
  } });
  const drag = (u, v) => {
    ends = ends.map((end, i) => (i === active ? toPoint(u, v).map((c) => Math.min(Math.max(c, -1.08), 1.08)) : end));
    show();
  };
  onDrag(shown, { start(u, v) {
    const place = toPoint(u, v);
    const far = ends.map(([x, y]) => Math.hypot(x - place[0], y - place[1]));
    active = far[0] < far[1] ? 0 : 1;
    drag(u, v);
  }, move: drag });
  onKeys(shown, (dx, dy) => {
    ends = ends.map(([x, y], i) => (i === active ? [x + 0.02 * dx, y - 0.02 * dy] : [x, y]));
    show();
  }, { Enter() {
    active = 1 - active;
    show();
  } });
  show();
  return step({
    title: "Draw the line yourself",
    text: "Many lines separate these two classes. Which one will do best on new points? A good guess: "
      + "the one that stays as far as possible from both, with the widest empty band, the margin, "
      + "around it.",
    controls: [slider({ label: "Points", name: "hand-seed", min: 1, max: 9, value: seed, format: (v) => `set ${v}`, oninput(value) {
      seed = value;
      points = separable(seed);
      show();
    } }), hint],
    actions: [button("Take the widest", () => {
      const { line: { w, b } } = best();
      const foot = w.map((v) => (-v * b) / (w[0] ** 2 + w[1] ** 2));
      const along = [-w[1], w[0]].map((v) => (0.8 * v) / Math.hypot(...w));
      ends = [1, -1].map((s) => foot.map((f, i) => f + s * along[i]));
      show();
    }, { name: "take-widest" })],
    visuals: [shown],
    below: [said],
  });
}

// The band of w x + b between -level and level.
export function band(context, line, level, width, height, ink) {
  context.strokeStyle = color(ink);
  context.lineWidth = 1.8;
  context.setLineDash([7, 5]);
  strokeLine(context, line, level, width, height);
  strokeLine(context, line, -level, width, height);
  context.setLineDash([]);
}
