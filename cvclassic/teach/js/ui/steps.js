// A part of the page: title, a paragraph in plain words, steps, and tasks with answers.
import { h } from "./dom.js";

const nodes = (list) => list.map((item) => item?.element ?? item);

// Controls stand beside what they change, buttons that set it going above; all wrap when narrow.
export function step({ title, text, controls = [], actions = [], visuals = [], below = [] }) {
  const heading = h("h3", { tabIndex: -1 }, title);
  return h("section", { class: "step", "aria-label": title },
    heading,
    h("p", { class: "says" }, ...[].concat(text)),
    h("div", { class: controls.length ? "bench" : "bench bare" },
      controls.length ? h("div", { class: "panel" }, nodes(controls)) : null,
      h("div", { class: "stage" },
        actions.length ? h("div", { class: "row actions" }, nodes(actions)) : null,
        h("div", { class: "visuals" }, nodes(visuals)), nodes(below))));
}

// Tasks are [question, answer] pairs; the answer opens on a click.
export function tasks(list) {
  return h("section", { class: "step tasks", "aria-label": "Tasks" },
    h("h3", { tabIndex: -1 }, "Tasks"),
    h("ol", {}, list.map(([question, answer]) => h("li", {}, h("p", {}, question),
      h("details", {}, h("summary", {}, "Answer"), h("p", {}, answer))))));
}

export function part({ number, title, lead, images = null, steps }) {
  return h("article", { class: "part" },
    h("section", { class: "intro step", "aria-label": title },
      h("h2", { tabIndex: -1 }, h("span", { class: "number" }, String(number)), title),
      h("p", { class: "lead" }, ...[].concat(lead)),
      images),
    steps);
}
