// Stage 1 of SIFT: an image blurred more and more, octave by octave (Lowe 2004, section 3).
// Written after cvclassic.detect.sift_stages, which the tests compare it with.
import { plane } from "./plane.js";

const MIN_SIDE = 16;

function gaussianWeights(sigma) {
  const radius = (Math.round(sigma * 8 + 1) | 1) >> 1; // as wide as OpenCV makes it
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

// Gaussian blur with mirrored borders (... c b | a b c ...), rows first, then columns.
export function blur(image, sigma) {
  const { width, height, data } = image;
  const weights = gaussianWeights(sigma);
  const radius = weights.length >> 1;
  const mirror = (i, n) => {
    const period = Math.max(2 * (n - 1), 1);
    const j = ((i % period) + period) % period;
    return j < n ? j : period - j;
  };
  const rows = new Float32Array(width * height);
  const line = new Float32Array(width + 2 * radius);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < line.length; x++) line[x] = data[y * width + mirror(x - radius, width)];
    for (let x = 0; x < width; x++) {
      let sum = weights[radius] * line[x + radius];
      for (let k = 1; k <= radius; k++) {
        sum += weights[radius + k] * (line[x + radius - k] + line[x + radius + k]);
      }
      rows[y * width + x] = sum;
    }
  }
  const out = plane(width, height);
  const sums = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let k = -radius; k <= radius; k++) {
      const weight = weights[radius + k];
      const from = mirror(y + k, height) * width;
      for (let x = 0; x < width; x++) sums[x] += weight * rows[from + x];
    }
    out.data.set(sums, y * width);
  }
  return out;
}

// Twice the size: samples at 0, 1/2, 1, ...; x here is 2 x in the image, with no shift.
function doubled({ width, height, data }) {
  const large = plane(2 * width, 2 * height);
  for (let y = 0; y < large.height; y++) {
    const [y0, y1] = [y >> 1, Math.min((y + 1) >> 1, height - 1)];
    for (let x = 0; x < large.width; x++) {
      const [x0, x1] = [x >> 1, Math.min((x + 1) >> 1, width - 1)];
      large.data[y * large.width + x] =
        (data[y0 * width + x0] + data[y0 * width + x1]
          + data[y1 * width + x0] + data[y1 * width + x1]) / 4;
    }
  }
  return large;
}

function everySecond({ width, height, data }) {
  const small = plane((width + 1) >> 1, (height + 1) >> 1);
  for (let y = 0; y < small.height; y++) {
    for (let x = 0; x < small.width; x++) {
      small.data[y * small.width + x] = data[2 * y * width + 2 * x];
    }
  }
  return small;
}

// Stacks of nLayers + 3 Gaussians, one per octave; gray values of the image from 0 to 255.
export function gaussianPyramid(image, nLayers = 3, sigma = 1.6) {
  let base = doubled(plane(image.width, image.height, Float32Array.from(image.data, (v) => v / 255)));
  // the camera has blurred by about half a pixel, which is one pixel here
  base = blur(base, Math.sqrt(Math.max(sigma * sigma - 1, 0.01)));
  const width = (s) => sigma * 2 ** (s / nLayers);
  const octaves = [];
  while (Math.min(base.width, base.height) >= MIN_SIDE) {
    const layers = [base];
    for (let s = 1; s < nLayers + 3; s++) {
      layers.push(blur(layers[s - 1], Math.sqrt(width(s) ** 2 - width(s - 1) ** 2)));
    }
    octaves.push(layers);
    base = everySecond(layers[nLayers]); // has twice the blur of the first
  }
  return octaves;
}

export function differences(layers) {
  return layers.slice(1).map((layer, i) => plane(
    layer.width, layer.height, layer.data.map((value, j) => value - layers[i].data[j]),
  ));
}
