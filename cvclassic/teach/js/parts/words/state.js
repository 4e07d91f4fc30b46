// What the steps share: images with their keypoints, the words, the classifier.
import { randomSource } from "../../numerics/random.js";
import { assign, inertia, seeds, update } from "../../numerics/kmeans.js";
import { normalizeHistogram, wordCounts } from "../../numerics/histogram.js";
import { principalPlane } from "../../numerics/projection.js";
import { probabilities, trainSoftmax } from "../../numerics/softmax.js";
import { localFeatures } from "../../numerics/vocabulary_data.js";
import { loadMaterials } from "../../ui/images.js";
import { store } from "../../ui/store.js";

const pause = () => new Promise((done) => setTimeout(done, 0));

// Finds keypoints image by image, so that the page stays alive; `tell(done, total)`.
export async function findFeatures(tell) {
  const images = await loadMaterials();
  for (const [i, entry] of images.entries()) {
    entry.features = localFeatures(entry.image);
    tell(i + 1, images.length);
    await pause();
  }
  return images;
}

export function wordsState(images) {
  const train = images.filter(({ role }) => role === "train");
  const points = train.flatMap(({ features }, i) => features.map((feature) => ({ ...feature, image: train[i] })));
  const descriptors = points.map(({ descriptor }) => descriptor);
  const classes = [...new Set(images.map(({ label }) => label))];
  const shared = store({ images, train, points, descriptors, classes, plane: principalPlane(descriptors),
    test: images.filter(({ role }) => role === "test"), k: 12, seed: 1, history: [], picked: null });

  function begin(changes = {}) {
    const { k, seed } = { ...shared.value, ...changes };
    const centers = seeds(descriptors, k, randomSource(seed));
    shared.set({ ...changes, centers, words: null, history: [], rounds: 0, moved: true, done: false });
  }

  // Half a step: first every patch to its nearest center, then every center to the mean.
  function half() {
    const { centers, words, moved, history, rounds } = shared.value;
    if (moved) {
      const next = assign(descriptors, centers);
      const changes = words ? next.filter((word, i) => word !== words[i]).length : next.length;
      shared.set({ words: next, moved: false, changes, done: changes === 0,
        history: [...history, inertia(descriptors, next, centers)] });
    } else shared.set({ centers: update(descriptors, words, centers), moved: true, rounds: rounds + 1 });
    return !shared.value.done;
  }

  function finish() {
    for (let i = 0; i < 400 && half(); i++);
    return shared.value;
  }
  begin();
  return { shared, begin, half, finish };
}

export function histogramOf(features, centers, norm = "hellinger") {
  return normalizeHistogram(wordCounts(assign(features.map((f) => f.descriptor), centers), centers.length), norm);
}

// A weight per word and class, learned from the training images.
export function decide({ train, test, classes, centers }) {
  const xs = train.map(({ features }) => histogramOf(features, centers));
  const model = trainSoftmax(xs, train.map(({ label }) => classes.indexOf(label)), classes.length, { l2: 0.003, rounds: 600 });
  const answers = test.map(({ features, label }) => {
    const p = probabilities(model, histogramOf(features, centers));
    return { p, guess: p.indexOf(Math.max(...p)), truth: classes.indexOf(label) };
  });
  return { model, answers };
}
