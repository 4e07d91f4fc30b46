// The labeling page: images into classes, then training, then the page at /.
function say(text, bad = false) {
  $("status").textContent = text;
  $("status").className = bad ? "problem" : "note";
}

async function refresh() {
  try {
    show(await ask("collect/state"));
  } catch (error) {
    say(error.message, true);
  }
}

function show(found) {
  $("classes").replaceChildren(...found.classes.map(classCard));
  const enough = found.classes.filter((one) => one.images.length > 1).length > 1;
  $("train").disabled = !enough || found.training.running;
  if (!found.classes.length) say("Add two classes or more, such as cup and no cup.");
  else if (!enough) say("Two classes with two images each are the least that can be trained.");
  const lines = found.training.lines.slice(-8).join("\n");
  $("progress").hidden = !lines;
  $("progress").textContent = lines;
  $("try").hidden = !found.training.done;
  if (found.training.running) setTimeout(refresh, 500);
  else if (found.training.done) say("Trained. Try it.");
  else if (found.training.error) say(found.training.error, true);
}

function classCard(one) {
  const thumbs = make("div", { className: "thumbs" });
  for (const image of one.images) {
    const button = make("button", { type: "button", title: "Remove" },
      make("img", { src: image.url, alt: "", loading: "lazy" }));
    button.setAttribute("aria-label", `Remove an image of ${one.name}`);
    button.addEventListener("click", () => remove(image.url));
    thumbs.append(button);
  }
  const file = make("input", { type: "file", accept: "image/*", multiple: true, hidden: true });
  file.setAttribute("aria-label", `Images of ${one.name}`);
  file.addEventListener("change", () => upload(one.name, [...file.files]));
  const choose = make("button", { type: "button", textContent: "Add images" });
  choose.addEventListener("click", () => file.click());
  const shoot = make("button", { type: "button", textContent: "Take a photo", hidden: !camera.stream });
  shoot.className = "shoot";
  shoot.addEventListener("click", async () => upload(one.name, [await camera.shoot($("video"))]));
  const n = one.images.length;
  const box = make("section", { className: "card class" },
    make("h2", { textContent: one.name }),
    make("p", { className: "note", textContent: `${n} ${n === 1 ? "image" : "images"}` }),
    thumbs, make("div", { className: "row left" }, choose, shoot, file));
  for (const kind of ["dragover", "dragleave", "drop"]) {
    box.addEventListener(kind, (event) => {
      event.preventDefault();
      box.classList.toggle("over", kind === "dragover");
      if (kind === "drop") upload(one.name, imagesOf(event.dataTransfer));
    });
  }
  return box;
}

async function upload(name, files) {
  let bad = 0;
  for (const file of files) {
    try {
      await ask(`collect/images?${new URLSearchParams({ class: name })}`, { method: "POST", body: file });
    } catch (error) {
      bad += 1;
      say(`${file.name || "photo"}: ${error.message}`, true);
    }
  }
  if (!bad) say(`Added ${files.length} to ${name}.`);
  refresh();
}

async function remove(url) {
  try {
    await ask(url, { method: "DELETE" });
  } catch (error) {
    say(error.message, true);
  }
  refresh();
}

async function addClass() {
  const name = $("new-class").value.trim();
  if (!name) return;
  try {
    await ask(`collect/classes?${new URLSearchParams({ class: name })}`, { method: "POST" });
    $("new-class").value = "";
    say("");
  } catch (error) {
    say(error.message, true);
  }
  refresh();
}

$("add").addEventListener("click", addClass);
$("new-class").addEventListener("keydown", (event) => { if (event.key === "Enter") addClass(); });
$("webcam").addEventListener("click", async () => {
  const on = !camera.stream;
  try {
    if (on) await camera.start($("video"));
    else camera.stop($("video"));
  } catch (error) {
    say(error.message, true);
    return;
  }
  $("video").hidden = !on;
  $("webcam").textContent = on ? "Stop the camera" : "Use the camera";
  for (const button of document.querySelectorAll(".shoot")) button.hidden = !on;
});
$("train").addEventListener("click", async () => {
  $("train").disabled = true;
  say("Training ...");
  try {
    await ask("collect/train", { method: "POST" });
  } catch (error) {
    say(error.message, true);
  }
  refresh();
});
for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => event.preventDefault());
}
watchToken(refresh);
refresh();
