// The kernels that the page offers, written as cvclassic.filters.get_kernel writes them.
import { planeOf } from "./plane.js";

const divided = (rows, by) => rows.map((row) => row.map((value) => value / by));
const GAUSSIAN_5 = [1, 4, 6, 4, 1].map((a) => [1, 4, 6, 4, 1].map((b) => (a * b) / 256));

export const KERNELS = {
  identity: { title: "Identity", rows: [[0, 0, 0], [0, 1, 0], [0, 0, 0]] },
  box: { title: "Box blur", rows: divided([[1, 1, 1], [1, 1, 1], [1, 1, 1]], 9) },
  gaussian3: { title: "Gaussian blur", rows: divided([[1, 2, 1], [2, 4, 2], [1, 2, 1]], 16) },
  gaussian5: { title: "Gaussian blur 5 × 5", rows: GAUSSIAN_5 },
  sharpen: { title: "Sharpen", rows: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]] },
  sobel_x: { title: "Sobel x (vertical edges)", rows: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]] },
  sobel_y: { title: "Sobel y (horizontal edges)", rows: [[-1, -2, -1], [0, 0, 0], [1, 2, 1]] },
  edge_diagonal: { title: "Diagonal", rows: [[1, 0, -1], [0, 0, 0], [-1, 0, 1]] },
  laplacian4: { title: "Laplacian", rows: [[0, 1, 0], [1, -4, 1], [0, 1, 0]] },
  laplacian8: { title: "Outline", rows: [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]] },
  emboss: { title: "Emboss", rows: [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]] },
};

export function kernel(name) {
  return planeOf(KERNELS[name].rows);
}

// Kernels that add up to zero answer with positive and negative numbers around gray.
export function isSigned(weights) {
  return weights.data.some((value) => value < 0);
}
