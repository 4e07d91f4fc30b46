// Integral images (Viola and Jones 2004, section 2.1): any rectangle's sum from four numbers.
import { plane } from "./plane.js";

// One row and one column more than the image, zeros first.
export function integral(image, square = false) {
  const stride = image.width + 1;
  const table = plane(stride, image.height + 1, new Float64Array(stride * (image.height + 1)));
  for (let y = 0; y < image.height; y++) {
    let row = 0;
    for (let x = 0; x < image.width; x++) {
      const value = image.data[y * image.width + x];
      row += square ? value * value : value;
      table.data[(y + 1) * stride + x + 1] = table.data[y * stride + x + 1] + row;
    }
  }
  return table;
}

export function rectangleSum({ width, data }, x, y, w, h) {
  const [above, below] = [y * width, (y + h) * width];
  return data[above + x] - data[above + x + w] - data[below + x] + data[below + x + w];
}
