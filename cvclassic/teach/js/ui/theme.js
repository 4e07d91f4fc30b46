// Colors of the style sheet for canvases, light and dark, and who must redraw when they change.

const listeners = new Set();
let cache = new Map();
let probe = null;

// Value of --name as a color that a canvas takes.
export function color(name) {
  if (!cache.has(name)) {
    if (probe === null) {
      probe = document.createElement("i");
      probe.hidden = true;
      document.body.append(probe);
    }
    probe.style.color = `var(--${name})`;
    cache.set(name, getComputedStyle(probe).color);
  }
  return cache.get(name);
}

export function rgb(name) {
  return color(name).match(/[\d.]+/g).slice(0, 3).map(Number);
}

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  changed();
}

export function onTheme(listener) {
  listeners.add(listener);
}

function changed() {
  cache = new Map();
  for (const listener of listeners) listener();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);

// Colors of visual words and the like: around the color wheel, in steps that differ.
export function wheel(i, n) {
  const hue = (360 * ((i * 0.618034) % 1) + 20) % 360;
  return `hsl(${hue.toFixed(0)} 70% ${isDark() ? 66 : 40 + (n > 8 && i % 2 ? 8 : 0)}%)`;
}
