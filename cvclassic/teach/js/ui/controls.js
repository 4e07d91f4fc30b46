// Labeled controls, all of them the browser's own, so that keys and screen readers just work.
import { h } from "./dom.js";

let serial = 0;
const fresh = (prefix) => `${prefix}-${(serial += 1)}`;

export function slider({ label, min, max, step = 1, value, format = String, oninput, name }) {
  const id = fresh("slider");
  const output = h("output", { htmlFor: id }, format(value));
  const input = h("input", { type: "range", id, min, max, step, value, name: name ?? "" });
  input.addEventListener("input", () => {
    show();
    oninput(Number(input.value));
  });
  function show() {
    output.textContent = format(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  }
  show();
  return {
    element: h("div", { class: "control" }, h("label", { htmlFor: id }, label), output, input),
    input,
    set(next) {
      input.value = next;
      show();
    },
    setMax(next) {
      input.max = next;
      show();
    },
  };
}

// Options are [value, text] pairs.
export function choice({ label, options, value, onchange, name }) {
  const id = fresh("choice");
  const select = h("select", { id, name: name ?? "" },
    options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  select.addEventListener("change", () => onchange(select.value));
  return {
    element: h("div", { class: "control" }, h("label", { htmlFor: id }, label), select),
    input: select,
    set: (next) => (select.value = next),
  };
}

// One of few, all in sight.
export function segments({ label, options, value, onchange, name }) {
  const group = name ?? fresh("segments");
  const inputs = options.map(([key, text]) => {
    const input = h("input", { type: "radio", name: group, value: key, checked: key === value });
    input.addEventListener("change", () => onchange(key));
    return { key, input, element: h("label", {}, input, h("span", {}, text)) };
  });
  return {
    element: h("fieldset", { class: "segments" }, h("legend", {}, label),
      h("div", {}, inputs.map((i) => i.element))),
    set: (next) => inputs.forEach(({ key, input }) => (input.checked = key === next)),
  };
}

export function toggle({ label, value = false, onchange, name }) {
  const input = h("input", { type: "checkbox", checked: value, name: name ?? "" });
  input.addEventListener("change", () => onchange(input.checked));
  return {
    element: h("label", { class: "toggle" }, input, h("span", {}, label)),
    input,
    set: (next) => (input.checked = next),
  };
}

export function button(text, onclick, { primary = false, name } = {}) {
  return h("button", { type: "button", class: primary ? "primary" : "", onclick, name: name ?? "" }, text);
}

export function row(...children) {
  return h("div", { class: "row" }, children.map((child) => child.element ?? child));
}

// Runs `frame` once per screen refresh, or every `pause` milliseconds, until it gives false.
export function player(frame, { pause = 0, onchange = () => {} } = {}) {
  let running = false;
  let last = 0;
  function loop(now) {
    if (!running) return;
    if (now - last >= pause) {
      last = now;
      if (frame() === false) return set(false);
    }
    requestAnimationFrame(loop);
  }
  function set(next) {
    if (next === running) return;
    running = next;
    onchange(running);
    if (running) requestAnimationFrame(loop);
  }
  return { start: () => set(true), stop: () => set(false), flip: () => set(!running),
    get running() { return running; } };
}

// A button that starts and stops a player.
export function playButton(frame, { pause = 0, label = "Play", name = "play" } = {}) {
  const element = button(label, () => play.flip(), { primary: true, name });
  const play = player(frame, {
    pause,
    onchange: (running) => {
      element.textContent = running ? "Pause" : label;
      element.setAttribute("aria-pressed", running);
    },
  });
  return { element, ...play, stop: play.stop, start: play.start };
}
