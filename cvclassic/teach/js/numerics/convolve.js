// Correlation and convolution with stride and padding, as cvclassic.filters.convolve does them.
import { plane } from "./plane.js";

// Padding of a side: "same" and the named fills add kernel - 1 pixels in all.
export function padAmounts(padding, kernelSide) {
  if (typeof padding === "number") return [padding, padding];
  const before = Math.floor((kernelSide - 1) / 2);
  return [before, kernelSide - 1 - before];
}

// floor((n + p - k) / s) + 1, with p pixels of padding in all (Dumoulin and Visin 2016).
export function outputSize(n, k, stride = 1, padding = 0) {
  const [before, after] = padAmounts(padding, k);
  const room = n + before + after - k;
  return room < 0 ? 0 : Math.floor(room / stride) + 1;
}

const SOURCES = {
  same: (i, n) => (i < 0 || i >= n ? -1 : i),
  edge: (i, n) => Math.min(Math.max(i, 0), n - 1),
  reflect: (i, n) => {
    if (n === 1) return 0;
    const period = 2 * (n - 1);
    const j = ((i % period) + period) % period;
    return j < n ? j : period - j;
  },
};

// Value of the padded image; x and y count from the image's own corner and may be negative.
export function paddedValue(image, x, y, padding) {
  const source = SOURCES[typeof padding === "number" ? "same" : padding];
  const [column, row] = [source(x, image.width), source(y, image.height)];
  return column < 0 || row < 0 ? 0 : image.data[row * image.width + column];
}

// A kernel turned by half a turn: what makes a correlation a convolution.
export function turned(kernel) {
  return plane(kernel.width, kernel.height, kernel.data.slice().reverse());
}

export function pad(image, kernel, padding) {
  const [left, right] = padAmounts(padding, kernel.width);
  const [top, bottom] = padAmounts(padding, kernel.height);
  const [width, height] = [image.width + left + right, image.height + top + bottom];
  const padded = plane(width, height, new Float64Array(width * height));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      padded.data[y * width + x] = paddedValue(image, x - left, y - top, padding);
    }
  }
  return padded;
}

export function convolve(image, kernel, { stride = 1, padding = 0, turn = false } = {}) {
  const weights = turn ? turned(kernel) : kernel;
  const padded = pad(image, kernel, padding);
  const width = outputSize(image.width, kernel.width, stride, padding);
  const height = outputSize(image.height, kernel.height, stride, padding);
  if (!width || !height) return plane(0, 0, new Float64Array(0));
  const map = plane(width, height, new Float64Array(width * height));
  for (let ky = 0; ky < kernel.height; ky++) {
    for (let kx = 0; kx < kernel.width; kx++) {
      const weight = weights.data[ky * kernel.width + kx];
      if (weight === 0) continue;
      for (let y = 0; y < height; y++) {
        let from = (y * stride + ky) * padded.width + kx;
        const to = y * width;
        for (let x = 0; x < width; x++, from += stride) {
          map.data[to + x] += weight * padded.data[from];
        }
      }
    }
  }
  return map;
}
