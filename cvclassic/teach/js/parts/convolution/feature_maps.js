// One layer of a convolutional network: several kernels, ReLU, pooling, flatten.
import { convolve } from "../../numerics/convolve.js";
import { kernel, KERNELS } from "../../numerics/kernels.js";
import { flatten, pool, relu } from "../../numerics/pool.js";
import { segments, slider, toggle } from "../../ui/controls.js";
import { count, h, plural, readout, strong } from "../../ui/dom.js";
import { current } from "../../ui/images.js";
import { coloring, drawPlane } from "../../ui/paint.js";
import { step } from "../../ui/steps.js";
import { color } from "../../ui/theme.js";
import { view } from "../../ui/view.js";

const CHOICES = ["sobel_x", "sobel_y", "edge_diagonal", "laplacian8", "gaussian3", "sharpen"];
const SHOWN = 300; // numbers of the flat vector that are drawn

export function featureMaps() {
  const state = { names: new Set(["sobel_x", "sobel_y", "laplacian8"]), relu: true, method: "max", size: 2 };
  let flat = new Float64Array(0);
  const table = h("div", { class: "maps" });
  const sizes = readout();
  const vector = view({ label: "The first numbers of the flat vector", ratio: 12, className: "strip",
    caption: `The first ${SHOWN} numbers of the vector, as they go into a classifier`,
    draw(context, width, height) {
      const shown = flat.subarray(0, SHOWN);
      const most = Math.max(...shown.map(Math.abs), 1e-9);
      shown.forEach((value, i) => {
        context.fillStyle = color(value < 0 ? "negative" : "positive");
        const tall = (Math.abs(value) / most) * height;
        context.fillRect((i * width) / SHOWN, height - tall, Math.max(width / SHOWN - 0.5, 1), tall);
      });
    } });

  function thumb(map, caption) {
    const shown = view({ label: caption, caption, ratio: map.width / map.height, draw: (context, width, height) =>
      drawPlane(context, map, coloring(map), [0, 0, width, height]) });
    return shown.element;
  }

  function show() {
    const { image } = current.value;
    const names = CHOICES.filter((name) => state.names.has(name));
    const maps = names.map((name) => convolve(image, kernel(name), { padding: "same" }));
    const active = state.relu ? maps.map(relu) : maps;
    const pooled = state.method === "none" ? active : active.map((map) => pool(map, state.size, state.method));
    table.replaceChildren(...names.map((name, i) => h("div", { class: "maps-row" },
      h("h4", {}, KERNELS[name].title),
      h("div", { class: "maps-cells" },
        thumb(maps[i], `Feature map, ${maps[i].width} × ${maps[i].height}`),
        state.relu ? thumb(active[i], "After ReLU") : null,
        state.method === "none" ? null
          : thumb(pooled[i], `After ${state.method} pooling, ${pooled[i].width} × ${pooled[i].height}`)))));
    flat = flatten(pooled);
    const first = pooled[0] ?? { width: 0, height: 0 };
    sizes.set(`${image.width} × ${image.height} pixels → ${plural(names.length, "feature map")} → `
      + `${names.length} × ${first.width} × ${first.height} → flatten → `, strong(`${count(flat.length)} numbers`));
    vector.redraw();
  }

  const kernels = h("fieldset", { class: "checks" }, h("legend", {}, "Kernels"), CHOICES.map((name) =>
    toggle({ label: KERNELS[name].title, value: state.names.has(name), name: `use-${name}`, onchange(on) {
      state.names[on ? "add" : "delete"](name);
      show();
    } }).element));
  const set = (changes) => {
    Object.assign(state, changes);
    show();
  };
  current.follow(show);
  return step({
    title: "Feature maps, ReLU, pooling, flatten",
    text: "A layer of a convolutional network applies several kernels at once. ReLU keeps what is "
      + "positive, pooling keeps one number per small square, and flatten writes all that is left "
      + "into one long vector for a classifier. In a network the weights are learned; here you "
      + "choose them.",
    controls: [kernels,
      toggle({ label: "ReLU: replace negative numbers by 0", value: true, name: "relu", onchange: (on) => set({ relu: on }) }),
      segments({ label: "Pooling", name: "pooling", value: "max",
        options: [["none", "None"], ["max", "Max"], ["average", "Average"]], onchange: (method) => set({ method }) }),
      slider({ label: "Pooling window", min: 2, max: 16, value: 2, name: "pool-size",
        format: (v) => `${v} × ${v}`, oninput: (size) => set({ size }) })],
    visuals: [table],
    below: [sizes, vector.element],
  });
}
