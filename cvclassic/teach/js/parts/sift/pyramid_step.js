// Stage 1: the image blurred more and more, and the differences of neighbors.
import { segments, slider } from "../../ui/controls.js";
import { h, num, readout } from "../../ui/dom.js";
import { coloring, drawPlane } from "../../ui/paint.js";
import { step } from "../../ui/steps.js";
import { color } from "../../ui/theme.js";
import { view } from "../../ui/view.js";

export function pyramidStep(shared) {
  const state = { octave: 1, layer: 2 };
  const said = readout();
  const at = () => Math.min(state.octave, shared.value.space.gaussians.length - 1);
  const stack = () => shared.value.space.gaussians[at()];
  const dogs = () => shared.value.space.dogs[at()];
  const gaussian = view({ label: "Blurred image", caption: "", draw: (context, width, height) =>
    drawPlane(context, stack()[state.layer], { low: 0, high: 1 }, [0, 0, width, height]) });
  const difference = view({ label: "Difference of Gaussians", caption: "", draw: (context, width, height) =>
    drawPlane(context, dogs()[state.layer], coloring(dogs()[state.layer]), [0, 0, width, height]) });
  // all layers of all octaves side by side, drawn true to size: a pyramid
  const overview = view({ label: "All layers of all octaves", ratio: 2, className: "chart overview",
    caption: "All octaves (rows, each half the size of the one above) and their layers. Press one to see it large.",
    draw(context, width, height) {
      cells(width, height).forEach(({ octave, layer, x, y, w, h: tall }) => {
        drawPlane(context, shared.value.space.gaussians[octave][layer], { low: 0, high: 1 }, [x, y, w, tall]);
        if (octave !== at() || layer !== state.layer) return;
        context.strokeStyle = color("two");
        context.lineWidth = 3;
        context.strokeRect(x, y, w, tall);
      });
    } });

  function cells(width, height) {
    const { gaussians } = shared.value.space;
    const shape = gaussians[0][0].height / gaussians[0][0].width;
    const n = gaussians[0].length;
    const shown = gaussians.slice(0, 4);
    const gap = 6;
    const all = shown.reduce((sum, _, octave) => sum + shape * 2 ** -octave, 0);
    const first = Math.min((width - gap * (n - 1)) / n, (height - gap * shown.length) / all);
    let y = 0;
    return shown.flatMap((layers, octave) => {
      const w = first * 2 ** -octave;
      const row = layers.map((_, layer) => ({ octave, layer, x: layer * (first + gap), y, w, h: w * shape }));
      y += w * shape + gap;
      return row;
    });
  }
  overview.canvas.addEventListener("click", (event) => {
    const [u, v] = overview.place(event);
    const [x, y] = [u * overview.canvas.clientWidth, v * overview.canvas.clientHeight];
    const hit = cells(overview.canvas.clientWidth, overview.canvas.clientHeight)
      .find((c) => x >= c.x && x <= c.x + c.w && y >= c.y && y <= c.y + c.h);
    if (!hit) return;
    [state.octave, state.layer] = [hit.octave, Math.min(hit.layer, dogs().length - 1)];
    octaves.set(String(hit.octave));
    layers.set(state.layer);
    show();
  });

  const octaves = segments({ label: "Octave", name: "octave", value: "1",
    options: [["0", "0"], ["1", "1"], ["2", "2"], ["3", "3"]], onchange: (text) => {
      state.octave = Number(text);
      show();
    } });
  const layers = slider({ label: "Layer in the octave", name: "layer", min: 0, max: 4, value: 2, oninput: (value) => {
    state.layer = value;
    show();
  } });

  function show() {
    const { options: { sigma, nLayers } } = shared.value;
    const { width, height } = stack()[0];
    const pixel = 2 ** (at() - 1);
    const blur = (s) => sigma * 2 ** (s / nLayers) * pixel;
    gaussian.setRatio(width / height);
    difference.setRatio(width / height);
    overview.setRatio((3.15 * width) / height);
    gaussian.setCaption(`Layer ${state.layer}: ${width} × ${height}, blurred with σ = ${num(blur(state.layer), 1)} pixels of the image`);
    difference.setCaption(`Layer ${state.layer + 1} minus layer ${state.layer} (blue: negative, orange: positive)`);
    said.set(`A blob of radius r answers most strongly where σ ≈ r / 1.41: this difference looks for blobs of about ${num(1.41 * blur(state.layer), 0)} pixels radius.`);
    for (const shown of [gaussian, difference, overview]) shown.redraw();
  }
  shared.follow(show);
  return step({
    title: "Stage 1: the pyramid",
    text: "The same thing may be small in one photo and large in another. So SIFT looks at all sizes: "
      + "it blurs the image step by step, and after each octave continues on an image of half the "
      + "size. The difference of two neighboring layers is strong where something has just the "
      + "size of the blur.",
    controls: [octaves, layers],
    visuals: [gaussian, difference, h("div", { class: "full" }, overview.element)],
    below: [said],
  });
}
