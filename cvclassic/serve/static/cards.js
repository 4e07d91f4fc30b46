// What records of each kind of model look like: in a card, in a word, over the image.
function title(text) {
  return make("p", { className: "answer", textContent: text });
}

function note(text) {
  return make("p", { className: "note", textContent: text });
}

function bar(name, share, what, color) {
  const label = make("span", { textContent: name });
  if (color) {
    const patch = make("i", { className: "patch" });
    patch.style.background = color;
    label.prepend(patch);
  }
  const meter = make("meter", { value: share, max: 1 });
  meter.setAttribute("aria-label", `${what} of ${name}`);
  return make("div", { className: "bar" }, label, meter, make("span", { textContent: percent(share) }));
}

// What a card shows, by what its record holds.
const CARDS = {
  scores(box, record) {
    box.append(title(String(record.label)));
    for (const score of record.scores) {
      box.append(bar(String(score.label), score.probability, "probability"));
    }
  },
  detections(box, record) {
    box.append(title(`${record.detections.length} found`));
    for (const found of record.detections.slice(0, 10)) {
      box.append(note(`${found.label ?? "object"} ${Number(found.score).toFixed(2)}`));
    }
  },
  faces(box, record) {
    const names = record.faces.map((face) => face.name);
    box.append(title(names.join(", ") || "no face"));
    for (const face of record.faces) {
      const nearest = face.nearest ? `, nearest: ${face.nearest} (distance ${face.distance})` : "";
      box.append(note(`${face.name}${nearest}`));
    }
  },
  hits(box, record) {
    box.append(title(record.hits.length ? record.hits[0].path : "nothing similar"));
    for (const hit of record.hits) {
      const checked = hit.verified ? ", same object" : "";
      box.append(note(`${hit.rank}. ${hit.path} (${hit.score.toFixed(2)}${checked})`));
    }
  },
  areas(box, record) {
    const total = record.width * record.height;
    const order = [...record.classes.keys()].sort(
      (a, b) => record.areas[record.classes[b]] - record.areas[record.classes[a]]);
    box.append(title("n_objects" in record ? `${record.n_objects} objects` : record.classes[order[0]]));
    for (const i of order.slice(0, 10)) {
      box.append(bar(record.classes[i], record.areas[record.classes[i]] / total, "area", classColor(i)));
    }
  },
};

function fillCard(box, record) {
  const name = Object.keys(CARDS).find((one) => record[one]);
  if (name) CARDS[name](box, record);
}

// Colors of classes: neighbors in the list differ much.
function classColor(i) {
  return `hsl(${(i * 137.5) % 360} 75% 50%)`;
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

// The mask of a record as an image of colors; class 0 stays clear where there are objects.
async function colorMask(record) {
  const blob = new Blob([bytesOf(record.mask)], { type: "image/png" });
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const canvas = make("canvas", { width: bitmap.width, height: bitmap.height });
  const pen = canvas.getContext("2d");
  pen.drawImage(bitmap, 0, 0);
  const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
  pen.clearRect(0, 0, 1, 1);
  const table = record.classes.map((_, i) => {
    pen.fillStyle = classColor(i);
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3), record.objects && i === 0 ? 0 : 255];
  });
  for (let k = 0; k < pixels.data.length; k += 4) pixels.data.set(table[pixels.data[k]] || [0, 0, 0, 0], k);
  pen.putImageData(pixels, 0, 0);
  return canvas;
}

function boxesOf(record) {
  const faces = (record.faces || []).filter((face) => face.box)
    .map(({ name, box: [x, y, width, height] }) => ({ x, y, width, height, label: name }));
  return [...(record.detections || []), ...(record.objects || []), ...faces];
}

function inAWord(record) {
  if (record.status === "error") return record.code;
  const box = make("div");
  fillCard(box, record);
  return box.firstChild.textContent;
}

function drawWord(pen, text, x, y) {
  const ink = pen.strokeStyle;
  pen.lineWidth = 4;
  pen.strokeStyle = "#000";
  pen.fillStyle = "#fff";
  pen.strokeText(text, x + 2, Math.max(14, y - 5));
  pen.fillText(text, x + 2, Math.max(14, y - 5));
  pen.lineWidth = 3;
  pen.strokeStyle = ink;
}
