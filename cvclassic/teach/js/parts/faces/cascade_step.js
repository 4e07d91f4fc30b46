// Windows of all sizes through the stages of a cascade.
import { groupBoxes } from "../../numerics/grouping.js";
import { scan } from "../../numerics/cascade.js";
import { playButton, slider, toggle } from "../../ui/controls.js";
import { count, num, plural, readout, strong } from "../../ui/dom.js";
import { current } from "../../ui/images.js";
import { drawPlane, outlined, rectangle } from "../../ui/paint.js";
import { barChart } from "../../ui/plots.js";
import { step } from "../../ui/steps.js";
import { color } from "../../ui/theme.js";
import { onDrag, onKeys, view } from "../../ui/view.js";

const MOST = 1500; // boxes drawn

// `shared` is a store with {cascade, result, window}: what was scanned, and who is followed.
export function cascadeStep(shared) {
  const { cascade } = shared.value;
  const last = cascade.stages.length;
  let [stage, grouped, least] = [0, true, 3];
  const said = readout({ spoken: true });
  const work = readout();
  const alive = (n) => shared.value.result.windows.filter((w) => w.stage >= n);
  const shown = view({ label: "Image with the windows that are left", tabbable: true,
    caption: "Windows still in play. Press on the image to follow the window there that came farthest; arrow keys move on.",
    draw(context, width, height) {
      const { image } = current.value;
      const scale = width / image.width;
      drawPlane(context, image, {}, [0, 0, width, height], true);
      const left = alive(stage);
      const every = Math.ceil(left.length / MOST);
      context.globalAlpha = Math.max(0.12, Math.min(1, 60 / left.length));
      context.strokeStyle = "#6fd0ff";
      context.lineWidth = 1.5;
      left.forEach(({ box }, i) => {
        if (i % every === 0) context.strokeRect(...box.map((v) => v * scale));
      });
      context.globalAlpha = 1;
      if (grouped && stage === last) {
        for (const { box } of groupBoxes(left.map((w) => w.box), least)) outlined(context, rectangle(...box.map((v) => v * scale)), "#7be08a", 4);
      }
      const { window } = shared.value;
      if (window) outlined(context, rectangle(...window.box.map((v) => v * scale)), color("mark"), 2.5);
    } });
  const chart = barChart({ label: "Windows left after each stage", ratio: 1.7, caption: "Windows left after each stage, as powers of ten: 3 means 1,000",
    bars: () => Array.from({ length: last + 1 }, (_, n) => ({ value: Math.log10(1 + alive(n).length), ink: n === stage ? "two" : "one", name: String(n) })) });
  const slide = slider({ label: "Stages passed", name: "stage", min: 0, max: last, value: 0, format: (v) => `${v} of ${last}`, oninput: go });
  const play = playButton(() => {
    go(stage === last ? 0 : stage + 1);
    return stage < last;
  }, { pause: 450, label: "Run the cascade", name: "run-cascade" });

  function go(next) {
    stage = next;
    slide.set(stage);
    show();
  }

  function show() {
    const { windows, stumps } = shared.value.result;
    const left = alive(stage).length;
    const all = cascade.stages.reduce((sum, one) => sum + one.stumps.length, 0);
    said.set(stage === 0 ? `${count(windows.length)} windows of all sizes wait.` : `After ${plural(stage, "stage")}: ${count(left)} of ${count(windows.length)} windows are left (${num((100 * left) / windows.length, 2)}%).`,
      stage === last ? strong(` ${plural(groupBoxes(alive(last).map((w) => w.box), least).length, "face")} found.`) : "");
    work.set(`A window was asked ${num(stumps / windows.length, 1)} questions on average, out of ${count(all)}: nearly all windows are thrown out in the first stages. That is what makes it fast.`);
    shown.redraw();
    chart.redraw();
  }

  let rank = 0;
  const follow = (candidates) => {
    if (candidates.length) shared.set({ window: candidates[rank % candidates.length] });
  };
  onDrag(shown, { start(u, v) {
    const { image } = current.value;
    const [x, y] = [u * image.width, v * image.height];
    rank = 0;
    // the window that came farthest of those whose middle is near
    follow(shared.value.result.windows
      .filter(({ box: [l, t, w, h] }) => Math.abs(l + w / 2 - x) < 0.15 * w && Math.abs(t + h / 2 - y) < 0.15 * h)
      .sort((a, b) => b.stage - a.stage || b.total - a.total));
    return false;
  }, move() {} });
  onKeys(shown, (dx, dy) => {
    rank = Math.max(0, rank + Math.sign(dx + dy));
    follow([...shared.value.result.windows].sort((a, b) => b.stage - a.stage || b.total - a.total).slice(0, 200));
  });
  current.follow(({ image }) => {
    const result = scan(cascade, image, { factor: 1.2, step: 2 });
    const best = result.windows.reduce((a, b) => (b.stage > a.stage || (b.stage === a.stage && b.total > a.total) ? b : a), result.windows[0]);
    shared.set({ result, window: best ?? null });
  });
  shared.follow(({ result }) => result && show());
  return step({
    title: "The cascade",
    text: "One feature alone knows little. A stage adds up the votes of several; the cascade asks "
      + "stage after stage, and the first “no” ends it. The first stage here has 3 features, the last "
      + "213. Only windows that pass all stages count, and a face needs several of them close by.",
    controls: [slide,
      toggle({ label: "Join windows that agree into one box", value: true, name: "grouped", onchange(on) {
        grouped = on;
        show();
      } }),
      slider({ label: "A face needs more windows than", name: "least", min: 0, max: 10, value: 3, oninput(value) {
        least = value;
        show();
      } })],
    actions: [play],
    visuals: [shown, chart],
    below: [said, work],
  });
}
