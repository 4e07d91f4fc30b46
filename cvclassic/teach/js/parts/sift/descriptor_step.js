// Stage 4: 4 x 4 cells of 8 directions, 128 numbers.
import { cellHistograms, DIRECTIONS, GRID, normalized, sampleGradients } from "../../numerics/descriptor.js";
import { home } from "../../numerics/sift.js";
import { num, readout, strong } from "../../ui/dom.js";
import { drawPlane, line } from "../../ui/paint.js";
import { barAt, barChart } from "../../ui/plots.js";
import { step } from "../../ui/steps.js";
import { color } from "../../ui/theme.js";
import { onDrag, onKeys, view } from "../../ui/view.js";

export function descriptorStep(shared) {
  let numbers = new Array(GRID * GRID * DIRECTIONS).fill(0);
  let found = null;
  let cell = 5;
  const said = readout({ spoken: true });
  const grid = view({ label: "The turned surroundings with 16 stars of 8 directions", tabbable: true,
    caption: "The surroundings, turned upright along the keypoint's direction, in 4 × 4 cells. Each star shows a cell's 8 numbers. Press a cell.",
    draw(context, width, height) {
      context.fillStyle = color("soft");
      context.fillRect(0, 0, width, height);
      if (found) drawCells(context, { ...found, numbers, cell }, width, height);
    } });
  const bars = barChart({ label: "The 128 numbers of the descriptor", ratio: 2.6, top: 0.3, line: 0.2, names: false,
    caption: "All 128 numbers, cell after cell. Before the last step nothing may exceed 0.2 (dashed).",
    bars: () => numbers.map((value, i) => ({ value, ink: Math.floor(i / DIRECTIONS) === cell ? "two" : "one" })) });

  function choose(next) {
    cell = Math.min(Math.max(next, 0), GRID * GRID - 1);
    show();
  }
  onDrag(grid, { start: (u, v) => choose(Math.floor(v * GRID) * GRID + Math.min(Math.floor(u * GRID), GRID - 1)), move() {} });
  onKeys(grid, (dx, dy) => choose(cell + Math.sign(dx) + GRID * Math.sign(dy)));
  bars.canvas.addEventListener("click", (event) => {
    const i = barAt(bars, bars.place(event)[0], numbers.length);
    if (i >= 0) choose(Math.floor(i / DIRECTIONS));
  });

  function show() {
    const own = numbers.slice(cell * DIRECTIONS, (cell + 1) * DIRECTIONS);
    said.set(strong(`Cell ${cell + 1} of 16: `), own.map((value) => num(value, 2, true)).join("  "));
    grid.redraw();
    bars.redraw();
  }
  shared.follow(({ space, followed, options }) => {
    if (!followed) return;
    found = { ...home(space, followed, options), angle: followed.angle };
    numbers = Array.from(normalized(cellHistograms(
      sampleGradients(found.layer, found.x, found.y, found.sigma, found.angle))));
    show();
  });
  return step({
    title: "Stage 4: 128 numbers",
    text: "The surroundings are cut into 4 × 4 cells. Each cell counts how much gradient points into "
      + "each of 8 directions: 16 · 8 = 128 numbers. They are scaled to length 1, so that brightness "
      + "and contrast do not matter. Two keypoints with similar numbers look alike.",
    visuals: [grid, bars],
    below: [said],
  });
}

function drawCells(context, { layer, x, y, sigma, angle, numbers, cell }, width) {
  // a grid cell of the descriptor is 3 sigma wide
  const scale = width / (GRID * 3 * sigma);
  context.save();
  context.beginPath();
  context.rect(0, 0, width, width);
  context.clip();
  context.translate(width / 2, width / 2);
  context.scale(scale, scale);
  context.rotate(-angle);
  drawPlane(context, layer, { low: 0, high: 1 }, [-x - 0.5, -y - 0.5, layer.width, layer.height], true);
  context.restore();
  const step_ = width / GRID;
  context.lineWidth = 1;
  for (let i = 0; i <= GRID; i++) {
    context.strokeStyle = "rgb(255 255 255 / 0.7)";
    context.stroke(line([i * step_, 0], [i * step_, width]));
    context.stroke(line([0, i * step_], [width, i * step_]));
  }
  for (let c = 0; c < GRID * GRID; c++) {
    const [cx, cy] = [(c % GRID) + 0.5, Math.floor(c / GRID) + 0.5].map((v) => v * step_);
    for (let d = 0; d < DIRECTIONS; d++) {
      const turn = (d * 2 * Math.PI) / DIRECTIONS;
      const reach = (numbers[c * DIRECTIONS + d] / 0.3) * step_ * 0.5;
      const end = [cx + reach * Math.cos(turn), cy - reach * Math.sin(turn)];
      context.strokeStyle = "rgb(0 0 0 / 0.6)";
      context.lineWidth = 5;
      context.stroke(line([cx, cy], end));
      context.strokeStyle = c === cell ? color("mark") : "#6fd0ff";
      context.lineWidth = 2.5;
      context.stroke(line([cx, cy], end));
    }
  }
  context.strokeStyle = color("mark");
  context.lineWidth = 3;
  context.strokeRect((cell % GRID) * step_ + 1, Math.floor(cell / GRID) * step_ + 1, step_ - 2, step_ - 2);
}
