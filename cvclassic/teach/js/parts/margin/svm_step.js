// A support vector machine on points of one's own; linear or with an RBF kernel.
import { makePoints, SHAPES } from "../../numerics/points.js";
import { decision, marginWidth, supportVectors, trainSvm, weights } from "../../numerics/svm.js";
import { button, choice, segments, slider } from "../../ui/controls.js";
import { num, plural, readout, strong } from "../../ui/dom.js";
import { scatter, strokeContour, surface } from "../../ui/scatter.js";
import { step } from "../../ui/steps.js";
import { color } from "../../ui/theme.js";

const TITLES = { blobs: "Two groups", xor: "Crosswise (XOR)", circles: "Ring", moons: "Two moons", spirals: "Two spirals" };
const power = (exponent) => 10 ** exponent;

export function svmStep(kind) {
  const rbf = kind === "rbf";
  const state = { shape: rbf ? "circles" : "blobs", n: 60, noise: rbf ? 0.06 : 0.1, seed: 2, C: 1, gamma: 5, label: 1 };
  let points = makePoints(state);
  let model = null;
  let values = null;
  const [said, numbers] = [readout({ spoken: true }), readout()];
  const shown = scatter({ label: "Points, decision and margin", addLabel: () => state.label,
    caption: "Solid: the border. Dashed: decision +1 and −1. Ringed: support vectors. Press to add, drag to move, double-press to remove.",
    look: () => ({ points, rings: new Set(model.trained ? supportVectors(model) : []), values: model.trained ? { plane: values, low: -1.5, high: 1.5 } : null }),
    edit(changed) {
      points = changed;
      compute();
    },
    paint(context, width, height) {
      if (!model.trained) return;
      context.strokeStyle = color("ink");
      context.lineWidth = 2.5;
      strokeContour(context, values, 0, width, height);
      context.lineWidth = 1.5;
      context.setLineDash([7, 5]);
      strokeContour(context, values, 1, width, height);
      strokeContour(context, values, -1, width, height);
      context.setLineDash([]);
    } });

  function compute() {
    model = trainSvm(points, { C: state.C, kind, gamma: state.gamma, tolerance: 1e-4 });
    if (model.trained) {
      values = surface((p) => decision(model, p), 72);
      const wrong = points.x.filter((p, i) => decision(model, p) > 0 !== (points.y[i] === 1)).length;
      const support = supportVectors(model);
      const bounded = support.filter((i) => model.alpha[i] > 0.9999 * state.C).length;
      said.set(strong(plural(support.length, "support vector")), ` of ${plural(points.x.length, "point")}, `
        + `${bounded} of them inside the margin or on the wrong side. ${plural(wrong, "training point")} misclassified.`);
      const w = weights(model);
      numbers.set(rbf ? `A point at distance d counts exp(−γ d²): at d = ${num(Math.sqrt(Math.LN2 / state.gamma))} it counts one half.`
        : `w = (${num(w[0])}, ${num(w[1])}), b = ${num(model.b)}. Width of the margin: 2 / |w| = ${num(marginWidth(model), 3, true)}.`);
    } else {
      said.set("There must be points of both classes.");
      numbers.set("");
    }
    shown.redraw();
  }
  const set = (changes, fresh = true) => {
    Object.assign(state, changes);
    if (fresh) points = makePoints(state);
    compute();
  };
  compute();
  return step({
    title: rbf ? "Curved borders: the RBF kernel" : "A linear support vector machine",
    text: rbf ? "Some classes cannot be separated by a line. The RBF kernel compares a new point with the "
      + "support vectors: near ones count much, far ones little. γ says how near is near. The border "
      + "becomes a curve; with a large γ it wraps around every point, which is over-fitting."
      : "A support vector machine finds the widest margin. Where classes overlap, some points may lie "
      + "inside it, at a price: C. Only the ringed points, the support vectors, hold the line; all "
      + "others could be taken away.",
    controls: [
      choice({ label: "Points", name: `svm-shape-${kind}`, value: state.shape, options: SHAPES.map((s) => [s, TITLES[s]]), onchange: (shape) => set({ shape }) }),
      slider({ label: "Noise", name: `svm-noise-${kind}`, min: 0, max: 0.4, step: 0.02, value: state.noise, format: (v) => num(v), oninput: (noise) => set({ noise }) }),
      slider({ label: "C: price of a point inside the margin", name: `svm-c-${kind}`, min: -2, max: 3, step: 0.25, value: 0, format: (v) => num(power(v), 2), oninput: (v) => set({ C: power(v) }, false) }),
      rbf ? slider({ label: "γ: how near is near", name: "svm-gamma", min: -1, max: 2.5, step: 0.1, value: Math.log10(5), format: (v) => num(power(v), 1), oninput: (v) => set({ gamma: power(v) }, false) }) : null,
      segments({ label: "Points that you add", name: `svm-class-${kind}`, value: "1", options: [["0", "■ class 0"], ["1", "● class 1"]], onchange: (text) => (state.label = Number(text)) }),
    ].filter(Boolean),
    actions: [button("Other points", () => set({ seed: state.seed + 1 })), button("Remove what it does not matter", () => {
      const keep = new Set(supportVectors(model));
      points = { x: points.x.filter((_, i) => keep.has(i)), y: points.y.filter((_, i) => keep.has(i)) };
      compute();
    }, { name: `only-support-${kind}` })],
    visuals: [shown],
    below: [said, numbers],
  });
}
