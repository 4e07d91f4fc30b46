// One perceptron: a line that moves whenever it is wrong.
import { learn, mistakes, newPerceptron, predict } from "../../numerics/perceptron.js";
import { makePoints } from "../../numerics/points.js";
import { button, choice, playButton, segments, slider } from "../../ui/controls.js";
import { num, plural, readout, strong } from "../../ui/dom.js";
import { scatter, strokeLine, surface, toShare } from "../../ui/scatter.js";
import { step } from "../../ui/steps.js";
import { color } from "../../ui/theme.js";
import { line } from "../../ui/paint.js";

const SETS = {
  apart: () => {
    const { x, y } = makePoints({ shape: "blobs", n: 40, noise: 0, seed: 3 });
    return { x: x.map(([a, b], i) => [a * 0.8 + (y[i] ? 0.16 : -0.16), b * 0.8]), y };
  },
  overlap: () => makePoints({ shape: "blobs", n: 40, noise: 0.18, seed: 2 }),
  xor: () => makePoints({ shape: "xor", n: 40, noise: 0, seed: 1 }),
  own: () => ({ x: [], y: [] }),
};

export function perceptronStep() {
  let points = SETS.apart();
  let model = newPerceptron();
  let [next, updates, seen, last] = [0, 0, 0, -1];
  let [rate, label] = [0.2, 1];
  const said = readout({ spoken: true });
  const numbers = readout();
  const play = playButton(() => {
    learnOne();
    if (mistakes(model, points) === 0 && seen >= points.x.length) return false;
    return true;
  }, { pause: 90, label: "Train", name: "train-perceptron" });

  const shown = scatter({
    label: "Points of two classes and the perceptron's line",
    caption: "Press to add a point, drag to move it, double-press to remove it. Keys: arrows, Enter, Delete.",
    addLabel: () => label,
    look: () => ({ points, current: last,
      values: { plane: surface((p) => predict(model, p), 80), low: 0, high: 1 } }),
    edit(changed) {
      points = changed;
      last = -1;
      show();
    },
    paint(context, width, height) {
      context.strokeStyle = color("ink");
      context.lineWidth = 2.5;
      strokeLine(context, model, 0, width, height);
      drawWeights(context, model, width, height);
    },
  });

  function learnOne() {
    const n = points.x.length;
    if (!n) return said.set("There are no points yet.");
    last = next % n;
    const answer = predict(model, points.x[last]);
    const result = learn(model, points.x[last], points.y[last], rate);
    model = result.model;
    seen += 1;
    updates += result.moved ? 1 : 0;
    next = (next + 1) % n;
    said.set(`Point ${last + 1}: the perceptron says class ${answer}, the label is ${points.y[last]}. `,
      result.moved ? strong("Wrong: the line moves.") : "Right: nothing changes.");
    show();
  }

  function reset() {
    play.stop();
    model = newPerceptron();
    [next, updates, seen, last] = [0, 0, 0, -1];
    said.set("All weights are 0: everything is called class 0.");
    show();
  }

  function show() {
    const wrong = points.x.length ? mistakes(model, points) : 0;
    numbers.set(`w = (${num(model.w[0])}, ${num(model.w[1])}), b = ${num(model.b)}. `
      + `${plural(seen, "point")} seen, line moved ${plural(updates, "time")}. `,
    strong(`${plural(wrong, "mistake")} on ${plural(points.x.length, "point")}`), ".");
    shown.redraw();
  }

  reset();
  return step({
    title: "One perceptron",
    text: "A perceptron adds up its inputs, each times a weight, and says “class 1” if the sum is "
      + "above 0. In two dimensions that is a straight line. It learns from mistakes only: at each "
      + "one, the point times the learning rate is added to the weights, or taken away.",
    controls: [
      choice({ label: "Points", name: "perceptron-points", value: "apart", options: [["apart", "Two groups, apart"],
        ["overlap", "Two groups that overlap"], ["xor", "Crosswise (XOR)"], ["own", "Empty, to fill yourself"]],
      onchange(name) {
        points = SETS[name]();
        reset();
      } }),
      segments({ label: "Points that you add", name: "perceptron-class", value: "1",
        options: [["0", "■ class 0"], ["1", "● class 1"]], onchange: (text) => (label = Number(text)) }),
      slider({ label: "Learning rate", min: 0.05, max: 1, step: 0.05, value: rate, format: (v) => num(v),
        oninput: (value) => (rate = value) }),
    ],
    visuals: [shown],
    actions: [play, button("Next point", learnOne, { name: "step-perceptron" }), button("Start again", reset)],
    below: [said, numbers],
  });
}

// The weights as an arrow: it stands on the line and points to class 1.
function drawWeights(context, { w, b }, width, height) {
  const norm = Math.hypot(...w);
  if (norm < 1e-9) return;
  const foot = w.map((v) => (-v * b) / norm ** 2);
  const tip = foot.map((v, i) => v + (0.25 * w[i]) / norm);
  const [from, to] = [foot, tip].map((p) => toShare(p).map((s, i) => s * (i ? height : width)));
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const wing = (turn) => [to[0] - 11 * Math.cos(angle + turn), to[1] - 11 * Math.sin(angle + turn)];
  context.stroke(line(from, to));
  context.stroke(line(wing(0.45), to, wing(-0.45)));
}
