// One window and what each stage said about it.
import { allTotals } from "../../numerics/cascade.js";
import { contrast, featureSum } from "../../numerics/haar.js";
import { crop } from "../../numerics/plane.js";
import { slider } from "../../ui/controls.js";
import { num, readout, strong } from "../../ui/dom.js";
import { drawPlane, outlined, rectangle } from "../../ui/paint.js";
import { barChart } from "../../ui/plots.js";
import { step } from "../../ui/steps.js";
import { color } from "../../ui/theme.js";
import { view } from "../../ui/view.js";

export function windowStep(shared) {
  const { cascade } = shared.value;
  const state = { stage: 0, stump: 0 };
  const [said, vote] = [readout({ spoken: true }), readout({ className: "sum" })];
  const level = () => shared.value.result.levels[shared.value.window.level];
  const totals = () => allTotals(cascade, level().both, shared.value.window.x, shared.value.window.y);
  const stump = () => cascade.stages[state.stage].stumps[state.stump];
  const shown = view({ label: "The window with one of its features", caption: "The window, 20 × 20 pixels, with the feature chosen",
    className: "middle", draw(context, width) {
      if (!shared.value.window) return;
      const { x, y } = shared.value.window;
      const scale = width / cascade.width;
      drawPlane(context, crop(level().image, x, y, cascade.width, cascade.height), {}, [0, 0, width, width]);
      for (const [rx, ry, rw, rh, weight] of stump().rects) {
        context.fillStyle = weight < 0 ? "rgb(0 0 0 / 0.45)" : "rgb(255 255 255 / 0.6)";
        context.fillRect(rx * scale, ry * scale, rw * scale, rh * scale);
        outlined(context, rectangle(rx * scale, ry * scale, rw * scale, rh * scale), color("mark"), 1.5);
      }
    } });
  const chart = barChart({ label: "How far above its limit each stage's sum is", ratio: 2.2,
    caption: "Sum of each stage less what it asks for: below 0 the window is rejected",
    bars: () => (shared.value.window ? totals().map(({ total, limit }, i) => ({ value: total - limit, name: String(i + 1),
      ink: total < limit ? "two" : "three", mark: i === state.stage })) : []) });
  const stages = slider({ label: "Stage", name: "window-stage", min: 1, max: cascade.stages.length, value: 1, oninput(value) {
    Object.assign(state, { stage: value - 1, stump: 0 });
    show();
  } });
  const stumps = slider({ label: "Feature of the stage", name: "window-stump", min: 1, max: 3, value: 1, oninput(value) {
    state.stump = value - 1;
    show();
  } });

  function show() {
    const { window } = shared.value;
    stumps.setMax(cascade.stages[state.stage].stumps.length);
    stumps.set(state.stump + 1);
    if (!window) return said.set("This image is smaller than a window.");
    const { x, y, stage, box } = window;
    const { both } = level();
    const { test, yes, no, rects } = stump();
    const value = featureSum(both.sums, rects, x, y) * contrast(both.sums, both.squares, x, y, cascade.width, cascade.height);
    const answer = value < test ? yes : no;
    const { total, limit } = totals()[state.stage];
    said.set(`Window at ${box[0]}, ${box[1]}, ${box[2]} pixels wide: `, stage === cascade.stages.length ? strong("passes all stages.")
      : stage < 0 ? strong("too flat to be looked at.") : strong(`rejected by stage ${stage + 1}.`));
    vote.set(`Feature ${num(value, 4)} ${value < test ? "<" : "≥"} ${num(test, 4)} → vote `, strong(num(answer, 3)),
      `. Stage ${state.stage + 1}: all votes add up to ${num(total, 2)}, asked for are ${num(limit, 2)}.`);
    shown.redraw();
    chart.redraw();
  }
  shared.follow(({ result }) => result && show());
  return step({
    title: "One window, followed",
    text: "Choose a window in the step before. Every feature gives one of two votes, depending on "
      + "whether its number is below a threshold; the stage adds up its votes. The numbers are "
      + "divided by the window's contrast first, so that light and shadow do not matter.",
    controls: [stages, stumps],
    visuals: [shown, chart],
    below: [said, vote],
  });
}
