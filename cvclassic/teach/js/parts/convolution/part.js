// Part 1: convolution.
import { kernel } from "../../numerics/kernels.js";
import { imageChooser } from "../../ui/images.js";
import { part, tasks } from "../../ui/steps.js";
import { store } from "../../ui/store.js";
import { featureMaps } from "./feature_maps.js";
import { overImage } from "./over_image.js";
import { overNumbers } from "./over_numbers.js";

export function convolutionPart() {
  const shared = store({ name: "sobel_x", kernel: kernel("sobel_x"), stride: 1, padding: 0, turn: false });
  return part({
    number: 1,
    title: "Convolution",
    lead: "How does a program find an edge? It looks at a small neighborhood of every pixel, weighs "
      + "the gray values and adds them up. The weights decide what is found: edges, spots, or just a "
      + "blurred image. This one operation is behind blurring, edge detectors and every "
      + "convolutional network.",
    images: imageChooser(),
    steps: [overNumbers(shared), overImage(shared), featureMaps(), tasks([
      ["Why does the Sobel kernel answer 0 wherever the input is flat?",
        "Its weights add up to 0: −1 − 2 − 1 + 1 + 2 + 1. On equal numbers the sum is that number times 0."],
      ["Find a kernel that shifts the image by one pixel to the left.",
        "All zeros, but a 1 in the middle of the right column: every output takes the value of its right neighbor."],
      ["An input of 7 × 7, a kernel of 3 × 3, stride 2, no padding: how large is the output? Work it out, then try it.",
        "⌊(7 + 0 − 3) / 2⌋ + 1 = 3, so 3 × 3."],
      ["Which padding keeps the size with a 5 × 5 kernel and stride 1, and why?",
        "2 pixels on each side: 7 + 4 − 5 + 1 = 7. That is what “to keep the size” does."],
      ["Does turning the kernel by 180° change the result of the Gaussian blur? Of Sobel x?",
        "Not of the blur: it looks the same when turned. Sobel x changes its sign."],
      ["What survives max pooling with a window of 16, and what is lost?",
        "That something is there survives; where exactly it is gets lost. That makes a network less sensitive to small shifts."],
    ])],
  });
}
