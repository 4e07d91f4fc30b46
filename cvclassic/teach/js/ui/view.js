// A canvas that keeps its shape, is sharp on every screen, and draws itself when it must.
import { h } from "./dom.js";
import { onTheme } from "./theme.js";

// `draw(context, width, height)` works in CSS pixels. `ratio` is width over height.
export function view({ label, ratio = 1, draw, caption, className = "", tabbable = false }) {
  const canvas = h("canvas", { role: "img", "aria-label": label, tabIndex: tabbable ? 0 : -1 });
  if (!tabbable) canvas.removeAttribute("tabindex");
  const text = h("figcaption", {}, caption ?? "");
  const element = h("figure", { class: `view ${className}` }, canvas, caption === undefined ? null : text);
  canvas.style.setProperty("--ratio", ratio);
  let pending = false;

  function paint() {
    pending = false;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return;
    const density = Math.min(devicePixelRatio || 1, 2);
    const [w, t] = [Math.round(width * density), Math.round(height * density)];
    if (canvas.width !== w || canvas.height !== t) [canvas.width, canvas.height] = [w, t];
    const context = canvas.getContext("2d");
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);
    draw(context, width, height);
  }

  function redraw() {
    if (pending) return;
    pending = true;
    requestAnimationFrame(paint);
  }

  new ResizeObserver(redraw).observe(canvas);
  onTheme(redraw);
  return {
    element,
    canvas,
    redraw,
    setRatio(value) {
      canvas.style.setProperty("--ratio", value);
      redraw();
    },
    setLabel: (value) => canvas.setAttribute("aria-label", value),
    setCaption: (...parts) => text.replaceChildren(...parts),
    // Where an event happened, from 0 to 1 along both axes.
    place(event) {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    },
  };
}

// Mouse, finger or pen: `start` says with true whether it wants the moves that follow.
export function onDrag(target, { start, move, end = () => {} }) {
  const { canvas } = target;
  let active = false;
  canvas.classList.add("draggable");
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    active = start(...target.place(event), event) !== false;
    if (active) canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
  });
  canvas.addEventListener("pointermove", (event) => {
    if (active) move(...target.place(event), event);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, () => {
      if (active) end();
      active = false;
    });
  }
}

// Arrow keys as steps (-1, 0 or 1), large ones with Shift; other keys by name.
export function onKeys(target, arrows, others = {}) {
  target.canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step && arrows) arrows(...step.map((s) => s * (event.shiftKey ? 8 : 1)), event);
    else if (others[event.key]) others[event.key](event);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
