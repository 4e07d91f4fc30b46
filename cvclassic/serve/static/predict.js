// The page at /: one image, all models, and why.
const state = { models: [], blob: null, records: [], busy: false, history: [] };

function say(text, bad = false) {
  $("status").textContent = text;
  $("status").className = bad ? "problem" : "note";
}

async function loadModels() {
  try {
    state.models = (await ask("models")).models;
    say(state.models.length ? "" : "No model is served yet.");
  } catch (error) {
    say(error.message, true);
  }
  writeCode();
}

function predictWith(model, blob, explain) {
  const query = new URLSearchParams({ model, top: 5, explain: explain ? 1 : 0, mask: "png" });
  return ask(`predict?${query}`, {
    method: "POST",
    body: blob,
    headers: { "Content-Type": "application/octet-stream" },
  });
}

function duration(ms) {
  return ms < 10000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

async function look(blob, name, remember = true) {
  if (state.busy) return;
  state.busy = true;
  state.blob = blob;
  $("stage").hidden = false;
  if (remember) {
    showImage(blob, name);
    say("Looking ...");
  }
  const start = performance.now();
  try {
    const why = $("why").checked;
    state.records = await Promise.all(
      state.models.map((model) => predictWith(model.name, blob, why)),
    );
    for (const record of state.records) {
      if (record.mask) record.drawing = await colorMask(record);
    }
    showAnswers();
    say(`Answered in ${duration(performance.now() - start)}.`);
    if (remember) addHistory(blob, name);
  } catch (error) {
    say(error.message, true);
  }
  state.busy = false;
}

function showImage(blob, name) {
  const url = URL.createObjectURL(blob);
  $("image").onload = () => { URL.revokeObjectURL(url); drawMarks(); };
  $("image").src = url;
  $("image").alt = name;
  $("image").hidden = false;
}

function showAnswers() {
  $("answers").replaceChildren(...state.records.map(card));
  drawMarks();
}

function card(record) {
  const box = make("article", { className: "card" });
  box.append(make("h3", { textContent: record.model }));
  if (record.status === "error") {
    box.append(make("p", { className: "problem", textContent: `${record.code}: ${record.message}` }));
    return box;
  }
  fillCard(box, record);
  if (record.message) box.append(make("p", { className: "note", textContent: record.message }));
  const why = record.explanation;
  if (why) {
    const text = why.message
      || `The ${why.keypoints.length} strongest of ${why.keypoints_total} keypoints: ${why.label} rather than ${why.against}.`;
    box.append(make("p", { className: "note", textContent: text }));
  }
  return box;
}

function drawMarks() {
  const canvas = $("marks");
  const image = $("image");
  const box = image.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(box.width));
  canvas.height = Math.max(1, Math.round(box.height));
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  const scale = Math.min(canvas.width / image.naturalWidth, canvas.height / image.naturalHeight);
  if (!Number.isFinite(scale)) return;
  const width = image.naturalWidth * scale;
  const height = image.naturalHeight * scale;
  const left = (canvas.width - width) / 2;
  const top = (canvas.height - height) / 2;
  const masked = state.records.find((record) => record.drawing);
  if (masked) {
    pen.globalAlpha = 0.5;
    pen.imageSmoothingEnabled = false;
    pen.drawImage(masked.drawing, left, top, width, height);
  }
  const first = state.records.find((record) => record.explanation && record.explanation.keypoints);
  $("legend").hidden = !($("why").checked && first);
  if ($("why").checked && first) {
    for (const point of first.explanation.keypoints) {
      pen.globalAlpha = 0.25 + 0.75 * Math.abs(point.share);
      pen.strokeStyle = style.getPropertyValue(point.share > 0 ? "--for" : "--against");
      pen.lineWidth = 1 + 2 * Math.abs(point.share);
      pen.beginPath();
      pen.arc(left + point.x * width, top + point.y * height, Math.max(3, point.size * width), 0, 7);
      pen.stroke();
    }
  }
  pen.globalAlpha = 1;
  pen.lineWidth = 3;
  pen.font = "600 14px system-ui, sans-serif";
  pen.strokeStyle = style.getPropertyValue("--against");
  // boxes are in pixels of the file, which the browser may have shown turned or smaller
  for (const record of state.records) {
    const unit = width / (record.width || image.naturalWidth);
    for (const found of boxesOf(record)) {
      pen.strokeRect(left + found.x * unit, top + found.y * unit, found.width * unit, found.height * unit);
      if (found.label) drawWord(pen, found.label, left + found.x * unit, top + found.y * unit);
    }
  }
}

function addHistory(blob, name) {
  const records = state.records;
  const label = records.map((record) => inAWord(record)).join(", ");
  const url = URL.createObjectURL(blob);
  const button = make("button", { type: "button" },
    make("img", { src: url, alt: "" }), make("span", { textContent: label }));
  button.setAttribute("aria-label", `${name}: ${label}`);
  button.addEventListener("click", () => {
    state.records = records;
    state.blob = blob;
    showImage(blob, name);
    showAnswers();
  });
  $("history").prepend(make("li", {}, button));
  $("past").hidden = false;
  if ($("history").children.length > 50) {
    const last = $("history").lastChild;
    URL.revokeObjectURL(last.querySelector("img").src);
    last.remove();
  }
}

async function take(files) {
  for (const file of files) await look(file, file.name || "pasted image");
}

function writeCode() {
  const url = new URL("predict?top=5", location.href).href;
  const secret = token.value || !$("token-row").hidden;
  $("code").textContent = $("language").value === "curl"
    ? `curl ${secret ? '-H "Authorization: Bearer $TOKEN" ' : ""}--data-binary @photo.jpg "${url}"`
    : [
      "import json, urllib.request",
      "",
      `request = urllib.request.Request("${url}", data=open("photo.jpg", "rb").read())`,
      ...(secret ? ['request.add_header("Authorization", f"Bearer {token}")'] : []),
      "print(json.load(urllib.request.urlopen(request)))",
    ].join("\n");
}

async function toggleCamera() {
  const video = $("video");
  const on = !camera.stream;
  try {
    if (on) await camera.start(video);
    else camera.stop(video);
  } catch (error) {
    say(error.message, true);
    return;
  }
  $("stage").hidden = false;
  video.hidden = !on;
  $("image").hidden = on;
  $("shoot").hidden = !on;
  $("live-row").hidden = !on;
  $("webcam").setAttribute("aria-pressed", String(on));
  $("webcam").textContent = on ? "Stop the camera" : "Use the camera";
}

async function keepLooking() {
  while ($("live").checked && camera.stream) {
    if (!state.busy) await look(await camera.shoot($("video")), "camera", false);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

$("choose").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => { take([...$("file").files]); $("file").value = ""; });
$("webcam").addEventListener("click", toggleCamera);
$("shoot").addEventListener("click", async () => {
  const blob = await camera.shoot($("video"));
  await toggleCamera();
  look(blob, "photo");
});
$("live").addEventListener("change", keepLooking);
$("why").addEventListener("change", () => {
  const known = state.records.some((record) => record.explanation);
  if ($("why").checked && state.blob && !known) look(state.blob, $("image").alt, false).then(drawMarks);
  else drawMarks();
});
$("language").addEventListener("change", writeCode);
$("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText($("code").textContent);
  say("Copied.");
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") take(imagesOf(event.dataTransfer));
  });
}
document.addEventListener("paste", (event) => take(imagesOf(event.clipboardData)));
addEventListener("resize", drawMarks);
watchToken(loadModels);
loadModels();
