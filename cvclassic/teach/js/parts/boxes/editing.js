// Boxes on an image that can be dragged, resized at their corner, and moved with keys.
import { current } from "../../ui/images.js";
import { onDrag } from "../../ui/view.js";

const GRIP = 0.03; // of the width, around the lower right corner
const LEAST = 8; // pixels

function inside([x, y, w, h]) {
  const { image } = current.value;
  const [width, height] = [Math.min(Math.max(w, LEAST), image.width), Math.min(Math.max(h, LEAST), image.height)];
  return [Math.min(Math.max(x, 0), image.width - width), Math.min(Math.max(y, 0), image.height - height), width, height].map(Math.round);
}

// `get` gives {boxes, active}; `set(boxes, i)` takes them changed; `next` goes to another box.
export function editBoxes(shown, { get, set, next }) {
  let grabbed = null;
  const replace = (i, box) => set(get().boxes.map((old, k) => (k === i ? inside(box) : old)), i);
  onDrag(shown, {
    start(u, v) {
      const { image } = current.value;
      const { boxes, active } = get();
      const [x, y] = [u * image.width, v * image.height];
      const grip = GRIP * image.width;
      const order = [active, ...boxes.keys()];
      const corner = order.find((i) => boxes[i] && Math.abs(boxes[i][0] + boxes[i][2] - x) < grip && Math.abs(boxes[i][1] + boxes[i][3] - y) < grip);
      const body = order.find((i) => boxes[i] && x >= boxes[i][0] && y >= boxes[i][1] && x <= boxes[i][0] + boxes[i][2] && y <= boxes[i][1] + boxes[i][3]);
      const i = corner ?? body;
      if (i === undefined) return false;
      grabbed = { i, resize: corner !== undefined, x, y, box: boxes[i] };
      set(boxes, i);
      return true;
    },
    move(u, v) {
      const { image } = current.value;
      const { i, resize, x, y, box: [l, t, w, h] } = grabbed;
      const [dx, dy] = [u * image.width - x, v * image.height - y];
      replace(i, resize ? [l, t, Math.min(w + dx, image.width - l), Math.min(h + dy, image.height - t)] : [l + dx, t + dy, w, h]);
    },
  });
  shown.canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const { boxes, active } = get();
    if (event.ctrlKey || event.metaKey || !boxes[active]) return;
    if (step) {
      const [dx, dy] = step.map((s) => s * (event.shiftKey ? 16 : 2));
      const [l, t, w, h] = boxes[active];
      replace(active, event.altKey ? [l, t, w + dx, h + dy] : [l + dx, t + dy, w, h]);
    } else if (event.key === "Enter") next();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
