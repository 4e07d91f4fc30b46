// What two steps share: points with what the network makes of them, and the loss curves.
import { probability } from "../../numerics/network.js";
import { lineChart } from "../../ui/plots.js";
import { scatter, strokeContour, surface } from "../../ui/scatter.js";
import { color } from "../../ui/theme.js";

// Training points are filled, validation points hollow.
export function decisionView({ get, label, caption }) {
  return scatter({ label, caption,
    look() {
      const { data, network } = get();
      const n = data.train.x.length;
      const points = { x: [...data.train.x, ...data.validation.x], y: [...data.train.y, ...data.validation.y] };
      return { points, hollow: new Set(points.x.map((_, i) => i).filter((i) => i >= n)),
        values: { plane: surface((p) => probability(network, p), 48), low: 0, high: 1 } };
    },
    paint(context, width, height) {
      context.strokeStyle = color("ink");
      context.lineWidth = 2;
      strokeContour(context, surface((p) => probability(get().network, p), 48), 0.5, width, height);
    } });
}

export function lossView(get, caption = "Loss (cross-entropy) after each epoch") {
  return lineChart({ label: "Loss curves", caption, xName: "epoch", every: () => get().every,
    series: () => [
      { name: "training", values: get().history.train, ink: "three" },
      { name: "validation", values: get().history.validation, ink: "two", dashed: true },
    ] });
}
