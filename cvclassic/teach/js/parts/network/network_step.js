// A small network, trained while one watches.
import { advance, newTraining, record, scoresOf } from "../../numerics/training.js";
import { button, playButton } from "../../ui/controls.js";
import { count, h, num, readout, strong } from "../../ui/dom.js";
import { step } from "../../ui/steps.js";
import { networkDiagram } from "./diagram.js";
import { dataControls, DEFAULTS, networkControls } from "./settings.js";
import { decisionView, lossView } from "./trainer_view.js";

const FRAME = 14; // milliseconds of training per image

export function networkStep() {
  const state = structuredClone(DEFAULTS);
  let training = null;
  const said = readout();
  const get = () => training;
  const surface = decisionView({ get, label: "Points and what the network makes of the plane",
    caption: "Filled: training points. Hollow: validation points, which the network never learns from." });
  const chart = lossView(get);
  const diagram = networkDiagram(() => training.network);
  const play = playButton(() => {
    const end = performance.now() + FRAME;
    do advance(training, state); while (performance.now() < end && training.epochs % 8);
    show();
  }, { label: "Train", name: "train-network" });

  function show() {
    const scores = scoresOf(training);
    said.set(`Epoch ${count(training.epochs)}. Training: loss ${num(scores.train.loss, 3, true)}, `
      + `${num(100 * scores.train.accuracy, 1)}% correct. Validation: loss ${num(scores.validation.loss, 3, true)}, `,
    strong(`${num(100 * scores.validation.accuracy, 1)}% correct`), ".");
    for (const shown of [surface, chart, diagram]) shown.redraw();
  }

  function fresh(changes = {}) {
    Object.assign(state, changes);
    training = newTraining(state);
    record(training);
    show();
  }
  fresh();
  return step({
    title: "A small network, live",
    text: "Several neurons side by side draw several lines; a layer on top combines them into curves. "
      + "Training computes, for a batch of points, how the loss changes with every weight "
      + "(back-propagation), and moves each weight a little downhill. An epoch is one pass over all "
      + "training points.",
    controls: [...dataControls(state, fresh, "net"), ...networkControls(state, fresh, (changes) => Object.assign(state, changes), "net")],
    visuals: [surface, h("div", { class: "stack" }, diagram.element, chart.element)],
    actions: [play, button("One epoch", () => {
      advance(training, state);
      show();
    }, { name: "epoch-network" }), button("New weights", () => fresh({ seed: state.seed + 1 }), { name: "reset-network" })],
    below: [said],
  });
}
