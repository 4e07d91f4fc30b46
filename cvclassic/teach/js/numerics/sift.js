// The four stages of SIFT together, everything on the way kept: to look at.
import { describe } from "./descriptor.js";
import { findExtrema, isRound, locate } from "./extrema.js";
import { orientationHistogram, peakAngles } from "./orientation.js";
import { differences, gaussianPyramid } from "./scale_space.js";

export const DEFAULTS = { nLayers: 3, sigma: 1.6, contrast: 0.04, edge: 10 };

// In pixels of the image: the first octave has twice its size.
function keypoint(spot, octave, { sigma, nLayers }) {
  const pixel = 2 ** (octave - 1);
  return {
    x: spot.x * pixel,
    y: spot.y * pixel,
    size: 2 * sigma * 2 ** (spot.layer / nLayers) * pixel,
    response: Math.abs(spot.value),
    octave,
    spot,
  };
}

export function buildSpace(image, { nLayers, sigma } = DEFAULTS) {
  const gaussians = gaussianPyramid(image, nLayers, sigma);
  return { gaussians, dogs: gaussians.map(differences) };
}

export function stages(space, options = DEFAULTS) {
  const { nLayers, contrast, edge } = options;
  const least = contrast / nLayers;
  const found = { extrema: [], strong: [], stable: [] };
  space.dogs.forEach((dogs, octave) => {
    const seen = new Set();
    // half the final contrast already here: fainter ones cannot pass and are only noise
    for (const candidate of findExtrema(dogs, least / 2)) {
      found.extrema.push(keypoint(candidate, octave, options));
      const spot = locate(dogs, candidate);
      if (spot === null || seen.has(spot.at.join())) continue;
      seen.add(spot.at.join());
      if (Math.abs(spot.value) < least) continue;
      const point = keypoint(spot, octave, options);
      found.strong.push(point);
      if (isRound(spot.hessian, edge)) found.stable.push(point);
    }
  });
  for (const list of Object.values(found)) list.sort((a, b) => b.response - a.response);
  return { ...found, oriented: found.stable.flatMap((point) => oriented(space, point, options)) };
}

// The Gaussian that a keypoint was found in, and its place and blur there.
export function home(space, { octave, spot }, { nLayers, sigma } = DEFAULTS) {
  const stack = space.gaussians[octave];
  const nearest = Math.min(Math.max(Math.round(spot.layer), 0), stack.length - 1);
  return { layer: stack[nearest], nearest, x: spot.x, y: spot.y,
    sigma: sigma * 2 ** (spot.layer / nLayers) };
}

export function oriented(space, point, options = DEFAULTS) {
  const { layer, x, y, sigma } = home(space, point, options);
  return peakAngles(orientationHistogram(layer, x, y, sigma)).map((angle) => ({ ...point, angle }));
}

export function describePoint(space, point, options = DEFAULTS) {
  const { layer, x, y, sigma } = home(space, point, options);
  return describe(layer, x, y, sigma, point.angle);
}
