// The same kernel over a whole image.
import { convolve, padAmounts, paddedValue, turned } from "../../numerics/convolve.js";
import { isSigned } from "../../numerics/kernels.js";
import { playButton } from "../../ui/controls.js";
import { h, num, readout, strong } from "../../ui/dom.js";
import { current } from "../../ui/images.js";
import { numberGrid } from "../../ui/numbers.js";
import { coloring, drawPlane, outlined, rectangle } from "../../ui/paint.js";
import { step } from "../../ui/steps.js";
import { color } from "../../ui/theme.js";
import { onDrag, onKeys, view } from "../../ui/view.js";
import { kernelPanel, sizeFormula } from "./kernel_panel.js";

export function overImage(shared) {
  let map = null;
  let place = [0, 0]; // of the output
  const size = readout();
  const said = readout({ className: "sum" });
  const patch = numberGrid({ label: "Gray values below the kernel" });
  const before = view({ label: "Image with the window of the kernel", caption: "Image: drag the window, or use the arrow keys",
    tabbable: true, draw(context, width, height) {
      const { image } = current.value;
      drawPlane(context, image, {}, [0, 0, width, height]);
      if (!map.width) return;
      const { kernel, stride, padding } = shared.value;
      const scale = width / image.width;
      const [left] = padAmounts(padding, kernel.width);
      const [top] = padAmounts(padding, kernel.height);
      const [x, y] = [place[0] * stride - left, place[1] * stride - top];
      marked(context, x * scale, y * scale, kernel.width * scale, kernel.height * scale);
    } });
  const after = view({ label: "Feature map", caption: "", draw(context, width, height) {
    if (!map.width) return;
    drawPlane(context, map, isSigned(shared.value.kernel) ? coloring(map) : { low: 0, high: 255 }, [0, 0, width, height]);
    const scale = width / map.width;
    marked(context, place[0] * scale, place[1] * scale, scale, scale);
  } });
  const play = playButton(() => {
    if (!map.width) return false;
    // fast enough to see it travel: a sixteenth of a row at a time
    let next = place[1] * map.width + place[0] + Math.max(1, Math.round(map.width / 16));
    if (next >= map.width * map.height) next = 0;
    place = [next % map.width, Math.floor(next / map.width)];
    show();
    return true;
  }, { pause: 40, label: "Slide", name: "slide-image" });

  function compute() {
    const { kernel, stride, padding, turn } = shared.value;
    const { image } = current.value;
    map = convolve(image, kernel, { stride, padding, turn });
    before.setRatio(image.width / image.height);
    after.setRatio(map.width ? map.width / map.height : 1);
    const key = isSigned(kernel) ? " (blue: negative, orange: positive)" : "";
    after.setCaption(map.width ? `Feature map, ${map.width} × ${map.height}${key}` : "The kernel does not fit");
    size.set("Width of the output: ", sizeFormula(image.width, kernel.width, stride, padding));
    go(...place);
  }

  function go(x, y) {
    place = [Math.min(Math.max(x, 0), Math.max(map.width - 1, 0)), Math.min(Math.max(y, 0), Math.max(map.height - 1, 0))];
    show();
  }

  function show() {
    const { kernel, stride, padding, turn } = shared.value;
    const laid = turn ? turned(kernel) : kernel;
    const [left] = padAmounts(padding, kernel.width);
    const [top] = padAmounts(padding, kernel.height);
    const value = (x, y) => paddedValue(current.value.image, place[0] * stride - left + x, place[1] * stride - top + y, padding);
    patch.set(Array.from({ length: kernel.height }, (_, y) => Array.from({ length: kernel.width }, (_, x) => {
      const gray = value(x, y);
      return { text: `${num(gray, 0)} · ${num(laid.data[y * kernel.width + x], 2)}`, level: Math.round(gray) };
    })));
    said.set(`Output at column ${place[0]}, row ${place[1]}: `, strong(num(map.data[place[1] * map.width + place[0]] ?? NaN, 1)));
    before.redraw();
    after.redraw();
  }

  const toOutput = (u, v) => {
    const { image } = current.value;
    const { kernel, stride, padding } = shared.value;
    const [left] = padAmounts(padding, kernel.width);
    const [top] = padAmounts(padding, kernel.height);
    go(Math.round((u * image.width + left - kernel.width / 2) / stride), Math.round((v * image.height + top - kernel.height / 2) / stride));
  };
  onDrag(before, { start: toOutput, move: toOutput });
  onKeys(before, (dx, dy) => go(place[0] + dx, place[1] + dy));
  current.follow(({ image }) => {
    place = [Math.round(image.width * 0.45), Math.round(image.height * 0.3)];
    compute();
  });
  shared.follow(compute);
  return step({
    title: "The same kernel over an image",
    text: "An image is a table of gray values from 0 (black) to 255 (white). The output is called a "
      + "feature map: it is bright (or strongly colored) where the image looks like the kernel.",
    controls: kernelPanel(shared, "image"),
    visuals: [before, after,
      h("figure", { class: "view wide-cells" }, patch.element, h("figcaption", {}, "Gray value · weight, below the window"))],
    actions: [play],
    below: [said, size],
  });
}

// A box that is seen even when it is only a few pixels wide.
function marked(context, x, y, w, h_) {
  const grow = Math.max(0, (9 - w) / 2);
  outlined(context, rectangle(x - grow, y - grow, w + 2 * grow, h_ + 2 * grow), color("mark"), 2);
}
