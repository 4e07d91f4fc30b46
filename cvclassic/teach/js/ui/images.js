// Where images come from: those in the page, and the reader's own, dropped or chosen.
import { MATERIALS, PICTURES } from "../data/pictures.js";
import { plane } from "../numerics/plane.js";
import { h } from "./dom.js";
import { bitmap } from "./paint.js";
import { store } from "./store.js";

const LONGEST = 256; // larger images are made smaller, so that everything stays quick

// A gray plane of any image file that the browser can read.
export async function decode(blob, longest = LONGEST) {
  const image = await createImageBitmap(blob);
  const scale = Math.min(1, longest / Math.max(image.width, image.height));
  const [width, height] = [image.width, image.height].map((n) => Math.max(Math.round(n * scale), 1));
  const canvas = h("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const gray = plane(width, height);
  for (let i = 0; i < gray.data.length; i++) {
    const [r, g, b] = data.subarray(4 * i, 4 * i + 3);
    gray.data[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  }
  return gray;
}

function fromPage(jpeg) {
  const bytes = Uint8Array.from(atob(jpeg), (letter) => letter.charCodeAt(0));
  return decode(new Blob([bytes], { type: "image/jpeg" }));
}

// The image that all parts look at; null until the first one is decoded.
export const current = store({ name: null, image: null });
const samples = [];

export async function loadSamples() {
  for (const { name, title, jpeg } of PICTURES) {
    samples.push({ name, title, image: await fromPage(jpeg) });
  }
  current.set({ name: samples[0].name, image: samples[0].image });
}

export async function loadMaterials() {
  return Promise.all(MATERIALS.map(async ({ label, role, jpeg }) => ({
    label, role, image: await fromPage(jpeg),
  })));
}

export async function useFile(file) {
  const image = await decode(file);
  if (Math.min(image.width, image.height) < 32) throw new Error("too small");
  current.set({ name: "own", image });
}

// Buttons with small images, one to choose a file, and a place for what went wrong.
export function imageChooser() {
  const said = h("span", { class: "said", role: "status" });
  const input = h("input", { type: "file", accept: "image/*", class: "file", name: "own-image" });
  input.addEventListener("change", () => take(input.files[0]));
  const buttons = samples.map(({ name, title, image }) => {
    const element = h("button", { type: "button", title, name: `image-${name}`,
      onclick: () => current.set({ name, image }) }, bitmap(image), h("span", {}, title));
    return { name, element };
  });
  const element = h("div", { class: "images", role: "group", "aria-label": "Image to work on" },
    buttons.map((b) => b.element),
    h("label", { class: "own" }, input, h("span", {}, "Your own …")), said);

  async function take(file) {
    if (!file) return;
    try {
      await useFile(file);
      said.textContent = "";
    } catch {
      said.textContent = `${file.name} is not an image that this browser can read `
        + "(at least 32 pixels a side).";
    }
  }

  current.follow(({ name }) => {
    buttons.forEach((b) => b.element.setAttribute("aria-pressed", b.name === name));
    element.querySelector(".own").classList.toggle("chosen", name === "own");
  });
  return element;
}

// The whole window takes dropped images.
export function acceptDrops() {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    const file = [...event.dataTransfer.files].find((f) => f.type.startsWith("image/"));
    if (file) useFile(file).catch(() => {});
  });
}
