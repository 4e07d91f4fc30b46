// A network as a drawing: every neuron with what it answers over the square, every weight a line.
import { forward } from "../../numerics/network.js";
import { plane } from "../../numerics/plane.js";
import { bitmap } from "../../ui/paint.js";
import { plotFont } from "../../ui/plots.js";
import { toPoint } from "../../ui/scatter.js";
import { color } from "../../ui/theme.js";
import { view } from "../../ui/view.js";

const SIDE = 20;

// What each neuron of each layer answers, as planes.
export function responses(network) {
  const maps = [2, ...network.layers.map(({ biases }) => biases.length)].map((n) =>
    Array.from({ length: n }, () => plane(SIDE, SIDE)));
  for (let i = 0; i < SIDE * SIDE; i++) {
    const values = forward(network, toPoint(((i % SIDE) + 0.5) / SIDE, (Math.floor(i / SIDE) + 0.5) / SIDE));
    values.forEach((layer, depth) => layer.forEach((value, k) => (maps[depth][k].data[i] = value)));
  }
  return maps;
}

export function networkDiagram(get) {
  return view({ label: "The network: neurons and weights", ratio: 1.45, className: "chart diagram",
    caption: "Each square shows a neuron's answer over the plane. Thick lines are large weights; blue is negative, orange positive.",
    draw(context, width, height) {
      const network = get();
      const maps = responses(network);
      const size = plotFont(context, 12);
      const most = Math.max(...maps.map((layer) => layer.length));
      const side = Math.min(height / (most + 0.9) - 6, width / (maps.length * 2.1), height / 5);
      const place = (depth, k) => [
        side / 2 + 2 + ((width - side - 4) * depth) / (maps.length - 1),
        size * 1.4 + ((height - size * 1.4) * (k + 0.5)) / maps[depth].length,
      ];
      network.layers.forEach(({ weights }, depth) => weights.forEach((row, j) => row.forEach((w, k) => {
        const [a, b] = [place(depth, k), place(depth + 1, j)];
        context.strokeStyle = color(w < 0 ? "negative" : "positive");
        context.lineWidth = Math.min(0.4 + 1.6 * Math.abs(w), 8);
        context.globalAlpha = 0.75;
        context.beginPath();
        context.moveTo(a[0] + side / 2, a[1]);
        context.bezierCurveTo((a[0] + b[0]) / 2, a[1], (a[0] + b[0]) / 2, b[1], b[0] - side / 2, b[1]);
        context.stroke();
      })));
      context.globalAlpha = 1;
      maps.forEach((layer, depth) => {
        const last = depth === maps.length - 1;
        const name = depth === 0 ? "input" : last ? "output" : `hidden ${depth}`;
        context.fillStyle = color("faint");
        context.textAlign = depth === 0 ? "left" : last ? "right" : "center";
        const [x] = place(depth, 0);
        context.fillText(name, depth === 0 ? x - side / 2 : last ? x + side / 2 : x, size);
        layer.forEach((map, k) => {
          const [cx, cy] = place(depth, k);
          const low = last || network.activation === "sigmoid" && depth ? 0 : -1;
          context.imageSmoothingEnabled = true;
          context.drawImage(bitmap(map, { map: "decision", low, high: 1 }), cx - side / 2, cy - side / 2, side, side);
          context.strokeStyle = color("ink");
          context.lineWidth = 1;
          context.strokeRect(cx - side / 2, cy - side / 2, side, side);
        });
      });
    } });
}
