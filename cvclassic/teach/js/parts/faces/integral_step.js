// The integral image over a few numbers: any rectangle's sum from four of them.
import { integral, rectangleSum } from "../../numerics/integral.js";
import { plane } from "../../numerics/plane.js";
import { randomSource } from "../../numerics/random.js";
import { slider } from "../../ui/controls.js";
import { h, plural, readout, strong } from "../../ui/dom.js";
import { numberGrid } from "../../ui/numbers.js";
import { step } from "../../ui/steps.js";

const SIDE = 6;

export function integralStep() {
  const random = randomSource(7);
  const image = plane(SIDE, SIDE, Float64Array.from({ length: SIDE * SIDE }, () => Math.floor(random() * 10)));
  const box = { x: 1, y: 2, w: 4, h: 3 };
  let corner = null; // the first of two presses that mark a rectangle
  const said = readout({ spoken: true, className: "sum" });
  const work = readout();
  const left = numberGrid({ label: "Image. Press two numbers to mark a rectangle", onpick(x, y) {
    if (corner === null) {
      corner = [x, y];
      Object.assign(box, { x, y, w: 1, h: 1 });
    } else {
      Object.assign(box, { x: Math.min(x, corner[0]), y: Math.min(y, corner[1]),
        w: Math.abs(x - corner[0]) + 1, h: Math.abs(y - corner[1]) + 1 });
      corner = null;
    }
    show();
  } });
  const right = numberGrid({ label: "Integral image" });
  const limits = { x: () => SIDE - 1, y: () => SIDE - 1, w: () => SIDE - box.x, h: () => SIDE - box.y };
  const names = { x: "Left", y: "Top", w: "Width", h: "Height" };
  const sliders = Object.fromEntries(Object.keys(names).map((key) => [key, slider({ label: names[key], name: `integral-${key}`,
    min: key === "w" || key === "h" ? 1 : 0, max: SIDE, value: box[key], oninput(value) {
      box[key] = value;
      show();
    } })]));

  function show() {
    for (const key of ["x", "y", "w", "h"]) {
      box[key] = Math.min(box[key], limits[key]());
      sliders[key].setMax(limits[key]());
      sliders[key].set(box[key]);
    }
    const { x, y, w, h: tall } = box;
    const table = integral(image);
    const at = (column, row) => table.data[row * table.width + column];
    left.set(Array.from({ length: SIDE }, (_, row) => Array.from({ length: SIDE }, (_, column) => {
      const inside = column >= x && column < x + w && row >= y && row < y + tall;
      const value = image.data[row * SIDE + column];
      return { text: String(value), level: 70 + 20 * value, mark: inside ? "window" : "" };
    })));
    const corners = { [`${x},${y}`]: "A", [`${x + w},${y}`]: "B", [`${x},${y + tall}`]: "C", [`${x + w},${y + tall}`]: "D" };
    right.set(Array.from({ length: SIDE + 1 }, (_, row) => Array.from({ length: SIDE + 1 }, (_, column) => {
      const name = corners[`${column},${row}`];
      return { text: name ? `${name} ${at(column, row)}` : String(at(column, row)), mark: name ? (name === "A" || name === "D" ? "best" : "window") : "" };
    })));
    said.set(`A − B − C + D = ${at(x, y)} − ${at(x + w, y)} − ${at(x, y + tall)} + ${at(x + w, y + tall)} = `, strong(String(rectangleSum(table, x, y, w, tall))));
    work.set(`Adding up the rectangle takes ${plural(w * tall - 1, "addition")}; with the integral image it is always 3, whatever the size.`);
  }
  show();
  return step({
    title: "The integral image",
    text: "A face detector asks for sums over rectangles, millions of them. The trick: first make a "
      + "table in which each entry is the sum of everything above it and to its left. Then any "
      + "rectangle's sum takes four entries.",
    controls: Object.values(sliders),
    visuals: [
      h("figure", { class: "view" }, left.element, h("figcaption", {}, "Image: press two numbers to mark a rectangle")),
      h("figure", { class: "view integral" }, right.element, h("figcaption", {}, "Integral image, with one row and column of zeros")),
    ],
    below: [said, work],
  });
}
