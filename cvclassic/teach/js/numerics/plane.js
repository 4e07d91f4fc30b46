// A plane is {width, height, data}: gray values of an image, or a feature map, row by row.

export function plane(width, height, data = new Float32Array(width * height)) {
  return { width, height, data };
}

export function planeOf(rows) {
  return plane(rows[0].length, rows.length, Float64Array.from(rows.flat()));
}

export function range(data) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

export function crop(image, left, top, width, height) {
  const part = plane(width, height, new image.data.constructor(width * height));
  for (let y = 0; y < height; y++) {
    const from = (top + y) * image.width + left;
    part.data.set(image.data.subarray(from, from + width), y * width);
  }
  return part;
}

// Bilinear, pixel centers on pixel centers, borders repeated; rounded to whole gray values.
export function resize(image, width, height) {
  const small = plane(width, height);
  const [sx, sy] = [image.width / width, image.height / height];
  for (let y = 0; y < height; y++) {
    const fy = Math.min(Math.max((y + 0.5) * sy - 0.5, 0), image.height - 1);
    const y0 = Math.floor(fy);
    const y1 = Math.min(y0 + 1, image.height - 1);
    for (let x = 0; x < width; x++) {
      const fx = Math.min(Math.max((x + 0.5) * sx - 0.5, 0), image.width - 1);
      const x0 = Math.floor(fx);
      const x1 = Math.min(x0 + 1, image.width - 1);
      const at = (row, column) => image.data[row * image.width + column];
      const above = at(y0, x0) * (1 - fx + x0) + at(y0, x1) * (fx - x0);
      const below = at(y1, x0) * (1 - fx + x0) + at(y1, x1) * (fx - x0);
      small.data[y * width + x] = Math.round(above * (1 - fy + y0) + below * (fy - y0));
    }
  }
  return small;
}

// Mean over whole cells: for making images small without aliasing.
export function shrink(image, factor) {
  const small = plane(Math.floor(image.width / factor), Math.floor(image.height / factor));
  for (let y = 0; y < small.height; y++) {
    for (let x = 0; x < small.width; x++) {
      let sum = 0;
      for (let dy = 0; dy < factor; dy++) {
        for (let dx = 0; dx < factor; dx++) {
          sum += image.data[(y * factor + dy) * image.width + x * factor + dx];
        }
      }
      small.data[y * small.width + x] = Math.round(sum / (factor * factor));
    }
  }
  return small;
}
