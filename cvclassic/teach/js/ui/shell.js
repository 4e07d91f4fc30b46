// What stands around the parts: navigation, light and dark, slides, the note at the end.
import { LICENSE } from "../data/cascade.js";
import { button } from "./controls.js";
import { h } from "./dom.js";
import { isDark, onTheme, setTheme } from "./theme.js";

export function shell(parts) {
  const main = document.getElementById("content");
  const links = parts.map(({ id, title }, i) => h("a", { href: `#${id}` }, h("span", { class: "number" }, String(i + 1)), title));
  const theme = button("", () => setTheme(!isDark()), { name: "theme" });
  const slides = button("Slide mode", () => setSlides(!inSlides()), { name: "slides" });
  const pager = slidePager(parts, { show, leave: () => setSlides(false) });
  const built = new Map();
  let open = null;

  const nameTheme = () => (theme.textContent = isDark() ? "Light" : "Dark");
  onTheme(nameTheme);
  nameTheme();
  document.getElementById("top").append(
    h("div", { class: "bar" }, h("h1", {}, h("a", { href: "#start" }, "Classical computer vision, hands on")),
      h("div", { class: "row" }, theme, slides)),
    h("nav", { "aria-label": "Parts" }, links));
  document.body.append(pager.element);
  document.getElementById("bottom").append(
    h("p", {}, "Made by cvclassic. Everything is computed in your browser; this file loads nothing and sends nothing, your images included."),
    h("details", {}, h("summary", {}, "Sources and licenses"),
      h("p", {}, "Images: scikit-image's sample images (CC0 and public domain; the astronaut is Eileen Collins, NASA). Face cascade: OpenCV's haarcascade_frontalface_alt:"),
      h("pre", {}, LICENSE)));

  function inSlides() {
    return document.documentElement.classList.contains("slides");
  }

  function setSlides(on) {
    document.documentElement.classList.toggle("slides", on);
    slides.textContent = on ? "Leave slide mode" : "Slide mode";
    if (on && open === null) location.hash = parts[0].id;
    pager.go(0);
    scrollTo(0, 0);
  }

  function show(id) {
    const index = parts.findIndex((p) => p.id === id);
    open = index < 0 ? null : id;
    links.forEach((link, i) => {
      if (i === index) {
        link.setAttribute("aria-current", "page");
        link.parentElement.scrollLeft = link.offsetLeft - 40;
      }
      else link.removeAttribute("aria-current");
    });
    if (!built.has(open)) {
      built.set(open, index < 0 ? startPage(parts) : parts[index].build());
      main.append(built.get(open));
    }
    for (const [key, element] of built) element.hidden = key !== open;
    document.title = `${index < 0 ? "" : `${parts[index].title} – `}Classical computer vision, hands on`;
    pager.open(built.get(open), index);
  }

  function followAddress() {
    show(location.hash.slice(1));
    scrollTo(0, 0);
  }
  addEventListener("hashchange", () => {
    followAddress();
    built.get(open).querySelector("h2")?.focus({ preventScroll: true });
  });
  followAddress();
}

function startPage(parts) {
  return h("article", { class: "part start" },
    h("section", { class: "intro step", "aria-label": "Start" },
      h("h2", { tabIndex: -1 }, "See how computers saw before deep learning – and why it still matters"),
      h("p", { class: "lead" }, "Seven parts, each with something to change and something to watch. "
        + "Use the images that come with the page or drop your own on the window. Everything works "
        + "with mouse, finger and keyboard, and without a network.")),
    h("ol", { class: "cards" }, parts.map(({ id, title, teaser }, i) => h("li", {},
      h("a", { href: `#${id}` }, h("span", { class: "number" }, String(i + 1)), h("strong", {}, title), h("span", {}, teaser))))));
}

// One step at a time, as large as the screen allows.
function slidePager(parts, { leave }) {
  let steps = [];
  let at = 0;
  let part = -1;
  let lastStep = false;
  const where = h("span", { role: "status" });
  const element = h("div", { class: "pager", role: "group", "aria-label": "Slides" },
    button("← Back", () => move(-1), { name: "slide-back" }), where,
    button("Next →", () => move(1), { name: "slide-next", primary: true }));

  function go(next) {
    at = Math.min(Math.max(next, 0), steps.length - 1);
    steps.forEach((step, i) => step.classList.toggle("now", i === at));
    where.textContent = part < 0 ? "" : `${parts[part].title}: ${at + 1} of ${steps.length}`;
  }

  function find(article) {
    steps = article ? [...article.querySelectorAll(".step")] : [];
    go(at);
  }

  function move(by) {
    if (steps[at + by]) {
      go(at + by);
      scrollTo(0, 0);
      steps[at].querySelector("h2, h3")?.focus({ preventScroll: true });
    } else if (parts[part + by]) {
      lastStep = by < 0;
      location.hash = parts[part + by].id;
    }
  }

  // a part that needed time has put its steps in place
  document.addEventListener("steps-changed", () => find(steps[0]?.closest("article") ?? null));

  addEventListener("keydown", (event) => {
    if (!document.documentElement.classList.contains("slides") || event.defaultPrevented) return;
    if (event.key === "Escape") return leave();
    const busy = event.target.closest?.("input, select, textarea, canvas, summary");
    if (event.key === "PageDown" || (event.key === "ArrowRight" && !busy)) move(1);
    else if (event.key === "PageUp" || (event.key === "ArrowLeft" && !busy)) move(-1);
    else return;
    event.preventDefault();
  });

  return {
    element,
    go,
    open(article, index) {
      part = index;
      at = lastStep ? Infinity : 0;
      find(article);
      lastStep = false;
    },
  };
}
