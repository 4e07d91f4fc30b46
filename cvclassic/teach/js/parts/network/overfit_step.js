// The same network twice, with and without a penalty on large weights.
import { advance, newTraining, record, scoresOf } from "../../numerics/training.js";
import { button, playButton, segments, slider } from "../../ui/controls.js";
import { h, num, readout, strong } from "../../ui/dom.js";
import { step } from "../../ui/steps.js";
import { PENALTIES, scale } from "./settings.js";
import { decisionView, lossView } from "./trainer_view.js";

const BASE = { shape: "moons", n: 60, noise: 0.24, seed: 4, share: 0.5, hidden: [8, 8], activation: "tanh" };

export function overfitStep() {
  const state = { ...BASE, kind: "l2", penalty: 0.01, rate: 0.3, batch: 8 };
  let pair = [];
  const captions = ["Without a penalty", "With a penalty"];
  const said = [readout(), readout()];
  const views = captions.map((caption, i) => decisionView({ get: () => pair[i], label: caption, caption }));
  const charts = captions.map((_, i) => lossView(() => pair[i], ""));
  const options = (i) => ({ rate: state.rate, batch: state.batch, [state.kind]: i ? state.penalty : 0 });
  const play = playButton(() => {
    for (let k = 0; k < 4; k++) pair.forEach((training, i) => advance(training, options(i)));
    show();
    return pair[0].epochs < 4000;
  }, { label: "Train both", name: "train-both" });

  function show() {
    pair.forEach((training, i) => {
      const { train, validation } = scoresOf(training);
      said[i].set(strong(`${captions[i]}: `), `training loss ${num(train.loss, 3, true)}, validation loss `,
        strong(num(validation.loss, 3, true)), ` after ${training.epochs} epochs.`);
      views[i].redraw();
      charts[i].redraw();
    });
  }

  function fresh(changes = {}) {
    Object.assign(state, changes);
    pair = [0, 1].map(() => newTraining(state));
    pair.forEach(record);
    show();
  }
  fresh();
  return step({
    title: "Over-fitting, and a cure",
    text: "Few, noisy points and many neurons: the network learns the noise by heart. The training "
      + "loss still falls while the validation loss climbs. A penalty on large weights keeps the "
      + "border smooth. Both networks begin with the same weights and see the same points.",
    controls: [
      slider({ label: "Number of points", name: "n-fit", min: 30, max: 300, step: 10, value: state.n, oninput: (n) => fresh({ n }) }),
      slider({ label: "Noise", name: "noise-fit", min: 0, max: 0.4, step: 0.02, value: state.noise, format: (v) => num(v), oninput: (noise) => fresh({ noise }) }),
      slider({ label: "Neurons in each hidden layer", name: "hidden-fit", min: 1, max: 8, value: 8, oninput: (k) => fresh({ hidden: [k, k] }) }),
      segments({ label: "Penalty", name: "penalty-kind", value: "l2", options: [["l2", "L2 (squares)"], ["l1", "L1 (sizes)"]], onchange: (kind) => fresh({ kind }) }),
      scale({ label: "Strength of the penalty", name: "penalty", values: PENALTIES.slice(1), value: state.penalty, oninput: (penalty) => fresh({ penalty }) }),
    ],
    visuals: [0, 1].map((i) => h("div", { class: "pair" }, views[i].element, charts[i].element, said[i].element)),
    actions: [play, button("Start again", () => fresh({ seed: state.seed + 1 }), { name: "reset-both" })],
  });
}
