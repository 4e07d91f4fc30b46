"use strict";
// What both pages need: elements, requests with the token, the camera.
const $ = (id) => document.getElementById(id);

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

const token = { value: sessionStorage.getItem("token") || "" };

async function ask(path, options = {}) {
  const headers = new Headers(options.headers || {});
  if (token.value) headers.set("Authorization", `Bearer ${token.value}`);
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch {
    throw new Error("The service does not answer. Is it still running?");
  }
  if (response.status === 401) {
    $("token-row").hidden = false;
    throw new Error("This service needs a token. Enter it above.");
  }
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail || response.statusText);
  return body;
}

function watchToken(then) {
  $("token").addEventListener("change", () => {
    token.value = $("token").value.trim();
    sessionStorage.setItem("token", token.value);
    $("token-row").hidden = Boolean(token.value);
    then();
  });
}

function percent(value) {
  return `${(100 * value).toFixed(1)}%`;
}

const camera = {
  stream: null,
  async start(video) {
    if (!navigator.mediaDevices) {
      throw new Error("The camera needs https:// or an address on this machine.");
    }
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640 } });
    } catch (error) {
      throw new Error(`The camera cannot be used (${error.name}).`);
    }
    video.srcObject = this.stream;
    await video.play();
  },
  stop(video) {
    for (const track of this.stream ? this.stream.getTracks() : []) track.stop();
    this.stream = null;
    video.srcObject = null;
  },
  shoot(video) {
    const canvas = make("canvas", { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d").drawImage(video, 0, 0);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
  },
};

function imagesOf(transfer) {
  return [...(transfer ? transfer.files : [])];
}
