// Starts the page: the list of parts, the way between them, light and dark, the slide mode.
import { acceptDrops, loadSamples } from "./ui/images.js";
import { shell } from "./ui/shell.js";
import { convolutionPart } from "./parts/convolution/part.js";
import { networkPart } from "./parts/network/part.js";
import { siftPart } from "./parts/sift/part.js";
import { wordsPart } from "./parts/words/part.js";
import { facesPart } from "./parts/faces/part.js";
import { boxesPart } from "./parts/boxes/part.js";
import { marginPart } from "./parts/margin/part.js";

const PARTS = [
  { id: "convolution", title: "Convolution", build: convolutionPart,
    teaser: "Slide a kernel over numbers and images; feature maps, ReLU, pooling, flatten." },
  { id: "network", title: "Perceptron and network", build: networkPart,
    teaser: "Train a neuron and a small network live; over-fitting and its cure." },
  { id: "sift", title: "SIFT keypoints", build: siftPart,
    teaser: "Four stages, from a pyramid of blurred images to 128 numbers, one keypoint followed." },
  { id: "words", title: "Visual words", build: wordsPart,
    teaser: "Keypoints become words by K-means, words a histogram, a histogram a decision." },
  { id: "faces", title: "Finding faces", build: facesPart,
    teaser: "Integral image, Haar features, and a cascade that asks stage after stage." },
  { id: "boxes", title: "Windows and boxes", build: boxesPart,
    teaser: "Sliding windows, IoU and non-maximum suppression with boxes to drag." },
  { id: "margin", title: "The margin", build: marginPart,
    teaser: "Draw a line yourself, then let a support vector machine do it, straight or curved." },
];

export const ready = loadSamples().then(() => {
  acceptDrops();
  shell(PARTS);
  document.documentElement.dataset.ready = "yes";
});
