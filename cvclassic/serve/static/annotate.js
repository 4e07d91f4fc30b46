"use strict";
// Scribbles are kept as numbers of classes in an array; canvases only show them.
const $ = (id) => document.getElementById(id);
const picture = $("picture"), result = $("result"), marks = $("marks"), cursor = $("cursor");
let state = null, current = 0, chosen = 1, width = 0, height = 0;
let labels = new Uint8Array(0), history = [], pen = null, at = [0, 0], serial = 0, timer = 0;

const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const say = (text) => { $("status").textContent = text; };

async function start() {
  state = await (await fetch("state")).json();
  const box = $("classes");
  [{ name: "eraser", color: "#00000000" }, ...state.classes].forEach((one, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("role", "radio");
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.background = one.color;
    button.append(swatch, `${i} ${one.name}`);
    button.onclick = () => choose(i);
    box.append(button);
  });
  state.images.forEach((one, i) => {
    const item = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.textContent = one.name;
    button.onclick = () => show(i);
    if (one.marked) button.className = "done";
    item.append(button);
    $("images").append(item);
  });
  choose(1);
  const first = state.images.findIndex((one) => !one.marked);
  await show(Math.max(first, 0));
}

function choose(i) {
  if (i > state.classes.length) return;
  chosen = i;
  [...$("classes").children].forEach((b, k) => b.setAttribute("aria-checked", String(k === i)));
  drawCursor();
}

async function bitmap(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error((await answer.json()).error);
  return createImageBitmap(await answer.blob(), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}

async function show(i) {
  current = (i + state.images.length) % state.images.length;
  [...$("images").querySelectorAll("button")].forEach((b, k) => b.setAttribute("aria-current", String(k === current)));
  try {
    const [image, saved] = await Promise.all([bitmap(`image/${current}`), bitmap(`marks/${current}`)]);
    width = image.width; height = image.height;
    for (const canvas of [picture, result, marks, cursor]) { canvas.width = width; canvas.height = height; }
    stage.style.maxWidth = `calc(75vh * ${width / height})`;
    picture.getContext("2d").drawImage(image, 0, 0);
    const reader = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    reader.drawImage(saved, 0, 0);
    const data = reader.getImageData(0, 0, width, height).data;
    labels = new Uint8Array(width * height);
    for (let p = 0; p < labels.length; p++) labels[p] = data[4 * p];
    history = []; at = [width / 2, height / 2];
    paint(); drawCursor();
    say(`${state.images[current].name}: ${width} x ${height} pixels`);
    update();
  } catch (error) { say(error.message); }
}

function paint() {
  const context = marks.getContext("2d"), shown = context.createImageData(width, height);
  const colors = [[0, 0, 0], ...state.classes.map((one) => rgb(one.color))];
  for (let p = 0; p < labels.length; p++) {
    if (!labels[p]) continue;
    const color = colors[labels[p]];
    shown.data[4 * p] = color[0]; shown.data[4 * p + 1] = color[1]; shown.data[4 * p + 2] = color[2];
    shown.data[4 * p + 3] = 230;
  }
  context.putImageData(shown, 0, 0);
}

function dab(x, y) {
  const r = Number($("size").value) / 2;
  for (let v = Math.max(0, Math.floor(y - r)); v <= Math.min(height - 1, Math.ceil(y + r)); v++)
    for (let u = Math.max(0, Math.floor(x - r)); u <= Math.min(width - 1, Math.ceil(x + r)); u++)
      if ((u - x) ** 2 + (v - y) ** 2 <= Math.max(r * r, 0.5)) labels[v * width + u] = chosen;
}

function line(from, to) {
  const n = Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1])) + 1;
  for (let i = 0; i <= n; i++) dab(from[0] + (to[0] - from[0]) * i / n, from[1] + (to[1] - from[1]) * i / n);
}

function remember() { history.push(labels.slice()); if (history.length > 30) history.shift(); }

function place(event) {
  const box = picture.getBoundingClientRect();
  return [(event.clientX - box.left) * width / box.width, (event.clientY - box.top) * height / box.height];
}

const stage = $("stage");
stage.addEventListener("pointerdown", (event) => {
  if (event.button > 0) return;
  stage.setPointerCapture(event.pointerId);
  remember();
  pen = at = place(event);
  dab(...pen); paint(); drawCursor();
  event.preventDefault(); stage.focus({ preventScroll: true });
});
stage.addEventListener("pointermove", (event) => {
  at = place(event);
  if (pen) {
    for (const one of event.getCoalescedEvents ? event.getCoalescedEvents() : [event]) { const to = place(one); line(pen, to); pen = to; }
    paint();
  }
  drawCursor();
});
for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, () => { if (pen) { pen = null; save(); } });

function drawCursor() {
  if (!width) return;
  const context = cursor.getContext("2d"), r = Math.max(Number($("size").value) / 2, 1);
  context.clearRect(0, 0, width, height);
  for (const [color, line] of [["#000", 3], ["#fff", 1]]) {
    context.beginPath(); context.lineWidth = line; context.strokeStyle = color;
    context.arc(at[0], at[1], r, 0, 7); context.stroke();
  }
}

async function save() {
  const mine = current;
  const sheet = new OffscreenCanvas(width, height), context = sheet.getContext("2d"), data = context.createImageData(width, height);
  for (let p = 0; p < labels.length; p++) {
    data.data[4 * p] = data.data[4 * p + 1] = data.data[4 * p + 2] = labels[p]; data.data[4 * p + 3] = 255;
  }
  context.putImageData(data, 0, 0);
  const answer = await fetch(`marks/${mine}`, { method: "PUT", body: await sheet.convertToBlob({ type: "image/png" }) });
  const said = await answer.json();
  if (!answer.ok) { say(`Not saved: ${said.error}`); return; }
  state.images[mine].marked = said.marked;
  $("images").querySelectorAll("button")[mine].className = said.marked ? "done" : "";
  clearTimeout(timer);
  timer = setTimeout(update, 50);
}

async function update() {
  const mine = ++serial, began = performance.now();
  try {
    const found = await bitmap(`prediction/${current}`);
    if (mine !== serial || found.width !== width) return;
    const context = result.getContext("2d");
    context.clearRect(0, 0, width, height);
    context.drawImage(found, 0, 0);
    say(`Saved. Result after ${((performance.now() - began) / 1000).toFixed(1)} s.`);
  } catch (error) { if (mine === serial) { result.getContext("2d").clearRect(0, 0, width, height); say(error.message); } }
}

function undo() { if (history.length) { labels = history.pop(); paint(); save(); } }
$("undo").onclick = undo;
$("clear").onclick = () => { remember(); labels.fill(0); paint(); save(); };
$("opacity").oninput = () => { result.style.opacity = Number($("opacity").value) / 100; };
$("size").oninput = drawCursor;
result.style.opacity = 0.4;

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") { undo(); event.preventDefault(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const size = $("size");
  if (/^[0-9]$/.test(event.key)) choose(Number(event.key));
  else if (event.key === "[") { size.stepDown(2); drawCursor(); }
  else if (event.key === "]") { size.stepUp(2); drawCursor(); }
  else if (event.key.toLowerCase() === "n") show(current + 1);
  else if (event.key.toLowerCase() === "p") show(current - 1);
  else if (document.activeElement === stage) {
    const step = event.shiftKey ? 20 : 4;
    const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (move) {
      const to = [Math.min(Math.max(at[0] + move[0], 0), width - 1), Math.min(Math.max(at[1] + move[1], 0), height - 1)];
      if (pen) { line(at, to); paint(); }
      at = to; drawCursor(); event.preventDefault();
    } else if (event.key === " ") {
      if (!pen && !event.repeat) { remember(); pen = at; dab(...at); paint(); }
      event.preventDefault();
    }
  }
});
document.addEventListener("keyup", (event) => { if (event.key === " " && pen) { pen = null; save(); } });
start().catch((error) => say(error.message));
