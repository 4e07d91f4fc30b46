// Part 4: a bag of visual words.
import { h } from "../../ui/dom.js";
import { part, tasks } from "../../ui/steps.js";
import { decisionStep } from "./decision_step.js";
import { featuresStep } from "./features_step.js";
import { histogramStep } from "./histogram_step.js";
import { kmeansStep } from "./kmeans_step.js";
import { findFeatures, wordsState } from "./state.js";

export function wordsPart() {
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Keypoints found" });
  const wait = h("div", { class: "step wait" }, h("p", { role: "status" }, "Finding keypoints in the sample images …"), bar);
  const article = part({
    number: 4,
    title: "Visual words",
    lead: "A text can be sorted by the words that occur in it, even when their order is lost. The same "
      + "works for images: cut out patches around keypoints, group them into “visual words”, and "
      + "count. From 2004 to 2012 this was the way to classify images, and with few images and no "
      + "GPU it still is a good one.",
    steps: [wait],
  });
  findFeatures((done, total) => (bar.value = done / total)).then((images) => {
    const state = wordsState(images);
    state.shared.set({ chosen: 0 });
    wait.replaceWith(featuresStep(state.shared), kmeansStep(state), histogramStep(state), decisionStep(state), tasks([
      ["Press “Assign patches” and “Move centers” in turn. Can the sum of squared distances ever go up?",
        "No. Assigning picks the nearest center for each patch, and the mean is the point with the smallest sum of squares to its patches."],
      ["Press “New start” a few times and run to the end. Is the result always the same?",
        "No: K-means ends in a local minimum that depends on the start. The sums differ a little, and so do the words."],
      ["How few words are enough for these four classes? Change k and look at the test images.",
        "Around 6 to 12 words do well. With 2 or 3, different textures share a word."],
      ["Find two words that look alike. Does that harm the decision?",
        "Not much: the classifier gives both similar weights. But their counts become less reliable."],
      ["Find a word that speaks strongly for one class. What do its patches show?",
        "Look at the evidence bars of a correct image, then at that word's row of patches: often joints between bricks, or single stars."],
    ]));
    document.dispatchEvent(new CustomEvent("steps-changed"));
  });
  return article;
}
