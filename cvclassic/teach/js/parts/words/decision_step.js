// From a histogram to a class, and which words spoke for it.
import { scores } from "../../numerics/softmax.js";
import { button } from "../../ui/controls.js";
import { h, num, plural, readout, strong } from "../../ui/dom.js";
import { barChart } from "../../ui/plots.js";
import { step } from "../../ui/steps.js";
import { wheel } from "../../ui/theme.js";
import { testChooser } from "./histogram_step.js";
import { decide, histogramOf } from "./state.js";

export function decisionStep({ shared, finish }) {
  const { classes, test } = shared.value;
  const [said, total, state] = [readout({ spoken: true }), readout(), readout({ className: "note" })];
  const chosen = () => shared.value.chosen ?? 0;
  let result = null;
  let centers = null;

  const chances = barChart({ label: "Probability of each class", caption: "Probability of each class", ratio: 1.6, top: 1,
    bars: () => classes.map((name, c) => ({ name, value: result.answers[chosen()].p[c], ink: c === result.answers[chosen()].guess ? "two" : "one" })) });
  const evidence = barChart({ label: "Evidence of each word", caption: "", ratio: 2,
    bars: () => evidenceOf().map((value, i) => ({ value, name: String(i + 1), ink: wheel(i, centers.length) })) });
  const matrix = h("table", { class: "matrix" });

  // Weight of a word for the answer less its weight for the runner-up, times the count: sums to the lead.
  function evidenceOf() {
    const { guess, p } = result.answers[chosen()];
    const second = rival(p, guess);
    const x = histogramOf(test[chosen()].features, centers);
    const { weights } = result.model;
    return x.map((value, k) => value * (weights[guess][k] - weights[second][k]));
  }

  function rival(p, guess) {
    return p.map((value, c) => [c === guess ? -1 : value, c]).sort((a, b) => b[0] - a[0])[0][1];
  }

  function show() {
    const answer = result.answers[chosen()];
    const second = rival(answer.p, answer.guess);
    const z = scores(result.model, histogramOf(test[chosen()].features, centers));
    said.set("This image shows ", strong(classes[answer.truth]), ". The classifier says ", strong(classes[answer.guess]),
      ` (${num(100 * answer.p[answer.guess], 0)}%), ${answer.guess === answer.truth ? "correct" : "wrong"}. `
      + `Its score leads that of ${classes[second]} by ${num(z[answer.guess] - z[second], 2)}.`);
    evidence.setCaption(`Evidence of each word for ${classes[answer.guess]} and against ${classes[second]}; with the intercepts it adds up to the lead`);
    const right = result.answers.filter(({ guess, truth }) => guess === truth).length;
    total.set(strong(`${right} of ${test.length} test images correct (${num((100 * right) / test.length, 1)}%)`), `, with ${plural(centers.length, "word")}.`);
    matrix.replaceChildren(
      h("caption", {}, "True class (rows) and predicted class (columns), test images"),
      h("tr", {}, h("td", {}), classes.map((name) => h("th", { scope: "col" }, name))),
      ...classes.map((name, truth) => h("tr", {}, h("th", { scope: "row" }, name), classes.map((_, guess) => {
        const n = result.answers.filter((a) => a.truth === truth && a.guess === guess).length;
        return h("td", { class: n === 0 ? "none" : truth === guess ? "right" : "wrong" }, String(n));
      }))));
    chances.redraw();
    evidence.redraw();
  }

  shared.follow((value) => {
    state.set(value.done ? "" : "The vocabulary is not finished: this is what its present words give. ",
      value.done ? "" : button("Finish K-means", () => finish()));
    // moving centers one after the other should not train a classifier each time
    const fresh = value.centers !== centers && (value.done || value.rounds === 0 || centers === null || !value.moved);
    if (fresh || result === null) {
      centers = value.centers;
      result = decide({ ...value, centers });
    }
    show();
  });
  return step({
    title: "From a histogram to a decision",
    text: "A linear classifier gives every word a weight for every class, learned from the training "
      + "images. The score of a class is the sum of its words' weights times how often they occur. So "
      + "one can read off which words decided.",
    actions: [testChooser(shared)],
    visuals: [chances, evidence, matrix],
    below: [said, total, state],
  });
}
