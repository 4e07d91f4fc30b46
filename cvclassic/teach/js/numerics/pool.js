// What follows a convolution in a network: ReLU, pooling, flattening.
import { plane } from "./plane.js";

export function relu(map) {
  return plane(map.width, map.height, map.data.map((value) => Math.max(value, 0)));
}

export function pool(map, size, method = "max", stride = size) {
  const width = Math.floor((map.width - size) / stride) + 1;
  const height = Math.floor((map.height - size) / stride) + 1;
  const small = plane(width, height, new Float64Array(width * height));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [most, sum] = [-Infinity, 0];
      for (let dy = 0; dy < size; dy++) {
        for (let dx = 0; dx < size; dx++) {
          const value = map.data[(y * stride + dy) * map.width + x * stride + dx];
          sum += value;
          if (value > most) most = value;
        }
      }
      small.data[y * width + x] = method === "max" ? most : sum / (size * size);
    }
  }
  return small;
}

// All maps in one row of numbers, map after map, row after row.
export function flatten(maps) {
  const long = new Float64Array(maps.reduce((sum, map) => sum + map.data.length, 0));
  let at = 0;
  for (const map of maps) {
    long.set(map.data, at);
    at += map.data.length;
  }
  return long;
}
