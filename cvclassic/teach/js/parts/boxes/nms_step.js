// Non-maximum suppression, one decision at a time, on boxes that can be dragged.
import { CASCADE } from "../../data/cascade.js";
import { iou, suppressionSteps } from "../../numerics/boxes.js";
import { scan, unpack } from "../../numerics/cascade.js";
import { randomSource } from "../../numerics/random.js";
import { button, playButton, segments, slider } from "../../ui/controls.js";
import { h, num, plural, readout, strong } from "../../ui/dom.js";
import { current } from "../../ui/images.js";
import { drawPlane, outlined, rectangle } from "../../ui/paint.js";
import { step } from "../../ui/steps.js";
import { view } from "../../ui/view.js";
import { editBoxes } from "./editing.js";

const MOST = 14;

// Two objects close together and one apart, each with a few boxes around it.
function made(image) {
  const random = randomSource(11);
  const centers = [[0.3, 0.35], [0.44, 0.42], [0.72, 0.62]];
  return centers.flatMap(([cx, cy], k) => Array.from({ length: 4 }, (_, i) => {
    const side = (0.24 + 0.06 * (random() - 0.5)) * image.width;
    const [x, y] = [cx, cy].map((c, axis) => (c + 0.09 * (random() - 0.5)) * (axis ? image.height : image.width) - side / 2);
    return { box: [x, y, side, side].map(Math.round), score: 0.95 - 0.07 * i - 0.03 * k - 0.05 * random() };
  }));
}

// What passes a face detector: many windows around each face.
function faces(image) {
  const passed = scan(unpack(CASCADE), image, { factor: 1.15, step: 2 }).windows.filter(({ stage }) => stage >= 20);
  passed.sort((a, b) => b.stage - a.stage || b.total - a.total);
  const best = Math.max(...passed.map(({ total }) => total), 1);
  return passed.slice(0, MOST).map(({ box, stage, total }) => ({ box, score: Math.max(0.05, (0.4 + 0.6 * (total / best)) * (stage / 22)) }));
}

export function nmsStep() {
  let entries = [];
  let [at, limit, active, source] = [0, 0.4, 0, "made"];
  const said = readout({ spoken: true });
  const list = h("ol", { class: "scores" });
  const decisions = () => suppressionSteps(entries.map((e) => e.box), entries.map((e) => e.score), limit);
  function fates() {
    const kept = new Map();
    decisions().slice(0, at).forEach(({ kept: winner, removed }) => {
      kept.set(winner, "kept");
      removed.forEach((i) => kept.set(i, "removed"));
    });
    return entries.map((_, i) => kept.get(i) ?? "waits");
  }
  const shown = view({ label: "Boxes with scores", tabbable: true, caption: "Green: kept. Dashed: removed. Drag the boxes, or move them with the arrow keys (Enter: next box).",
    draw(context, width, height) {
      const { image } = current.value;
      const scale = width / image.width;
      drawPlane(context, image, {}, [0, 0, width, height], true);
      fates().forEach((fate, i) => {
        const [x, y, w, tall] = entries[i].box.map((v) => v * scale);
        context.setLineDash(fate === "removed" ? [6, 5] : []);
        context.globalAlpha = fate === "removed" ? 0.6 : 1;
        outlined(context, rectangle(x, y, w, tall), fate === "kept" ? "#7be08a" : fate === "removed" ? "#ff9d8a" : "#6fd0ff", fate === "kept" ? 4 : i === active ? 3 : 1.8);
        context.setLineDash([]);
        context.font = "600 13px system-ui, sans-serif";
        context.textAlign = "left";
        context.lineWidth = 4;
        context.strokeStyle = "rgb(0 0 0 / 0.75)";
        context.fillStyle = "#fff";
        if (fate !== "removed") {
          context.strokeText(num(entries[i].score, 2, true), x + 4, y + 15);
          context.fillText(num(entries[i].score, 2, true), x + 4, y + 15);
        }
        context.globalAlpha = 1;
      });
    } });
  const play = playButton(() => {
    at += at < decisions().length ? 1 : 0;
    show();
    return at < decisions().length;
  }, { pause: 900, label: "Run", name: "run-nms" });
  const next = button("Next decision", () => {
    at = Math.min(at + 1, decisions().length);
    show();
  }, { name: "next-nms" });
  const which = segments({ label: "Boxes", name: "nms-boxes", value: source, options: [["made", "Made up"], ["faces", "From the face detector"]], onchange(name) {
    source = name;
    fill();
  } });

  function fill() {
    const { image } = current.value;
    entries = source === "faces" ? faces(image) : made(image);
    [at, active] = [0, 0];
    play.stop();
    show();
  }

  function show() {
    const steps = decisions();
    at = Math.min(at, steps.length);
    const order = entries.map((_, i) => i).sort((a, b) => entries[b].score - entries[a].score);
    const now = fates();
    list.replaceChildren(...order.map((i) => h("li", { class: now[i] }, `${num(entries[i].score, 2, true)} – ${{ kept: "kept", removed: "removed", waits: "waiting" }[now[i]]}`)));
    if (!entries.length) said.set("The face detector lets no window of this image pass. Choose the astronaut, or a photo of a face.");
    else if (at === 0) said.set(`${plural(entries.length, "box", "boxes")}. The one with the best score is looked at first.`);
    else {
      const { kept, removed } = steps[at - 1];
      said.set(strong(`Keep the box with score ${num(entries[kept].score, 2, true)}. `), removed.length
        ? `Remove ${removed.map((i) => `${num(entries[i].score, 2, true)} (IoU ${num(iou(entries[kept].box, entries[i].box), 2, true)})`).join(", ")}: more than ${num(limit)}.`
        : `No other box overlaps it by more than ${num(limit)}.`, at === steps.length ? strong(` Done: ${plural(steps.length, "box", "boxes")} left.`) : "");
    }
    next.disabled = at >= steps.length;
    shown.redraw();
  }
  editBoxes(shown, {
    get: () => ({ boxes: entries.map((e) => e.box), active }),
    set(boxes, i) {
      entries = entries.map((entry, k) => ({ ...entry, box: boxes[k] }));
      active = i;
      show();
    },
    next() {
      active = (active + 1) % entries.length;
      show();
    },
  });
  current.follow(({ image }) => {
    shown.setRatio(image.width / image.height);
    fill();
  });
  return step({
    title: "NMS: one box per object",
    text: "A detector answers many times around each object. Non-maximum suppression keeps the box "
      + "with the best score, removes all that overlap it too much, and goes on with the best of the "
      + "rest.",
    controls: [which, slider({ label: "Remove if IoU is above", name: "nms-limit", min: 0, max: 0.95, step: 0.05, value: limit, format: (v) => num(v), oninput(value) {
      limit = value;
      show();
    } }), h("div", {}, h("strong", {}, "By score"), list)],
    actions: [play, next, button("Start again", () => {
      at = 0;
      show();
    }, { name: "restart-nms" })],
    visuals: [shown],
    below: [said],
  });
}
