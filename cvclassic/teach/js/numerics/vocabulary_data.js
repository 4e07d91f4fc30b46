// Local features of many images for a vocabulary: keypoints with RootSIFT descriptors.
import { rootSift } from "./descriptor.js";
import { buildSpace, DEFAULTS, describePoint, stages } from "./sift.js";

const OPTIONS = { ...DEFAULTS, contrast: 0.02 }; // fainter keypoints help classification
const MOST = 60; // per image, strongest first

export function localFeatures(image) {
  const space = buildSpace(image, OPTIONS);
  return stages(space, OPTIONS).oriented.slice(0, MOST).map((point) => ({
    x: point.x, y: point.y, size: point.size, angle: point.angle,
    descriptor: Float64Array.from(rootSift(describePoint(space, point, OPTIONS))),
  }));
}
