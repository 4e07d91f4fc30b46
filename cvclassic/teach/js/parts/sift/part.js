// Part 3: SIFT, stage by stage.
import { imageChooser } from "../../ui/images.js";
import { part, tasks } from "../../ui/steps.js";
import { descriptorStep } from "./descriptor_step.js";
import { followStep } from "./follow_step.js";
import { pointsStep } from "./points_step.js";
import { pyramidStep } from "./pyramid_step.js";
import { siftState } from "./state.js";

export function siftPart() {
  const { shared, look } = siftState();
  return part({
    number: 3,
    title: "SIFT keypoints",
    lead: "Which places in an image can be found again, in another photo, from another distance, "
      + "turned, in other light? SIFT (David Lowe, 1999) answers in four stages: look at all sizes, "
      + "find blobs, throw out the shaky ones, and describe the surroundings of the rest with 128 "
      + "numbers. Panoramas, 3D reconstructions and image search were built on it.",
    images: imageChooser(),
    steps: [pyramidStep(shared), pointsStep(shared, look), followStep(shared), descriptorStep(shared), tasks([
      ["Why does the pyramid halve the image after each octave instead of blurring on and on?",
        "After one octave the blur has doubled; nothing finer than two pixels is left. Half the pixels hold the same information at a quarter of the work."],
      ["Which share of the extrema is thrown out by the contrast test, which by the edge test? Compare the bricks with the stars.",
        "Read it off the bars. Bricks have long edges, so the edge test removes more there; stars are round blobs on black and mostly stay."],
      ["Raise the edge threshold to 30. Where do the new keypoints lie?",
        "Along edges: on outlines, where the position along the edge is uncertain."],
      ["Look for a keypoint with two directions. What is special about its surroundings?",
        "Often a corner or a spot on a line: gradients in two directions are about equally strong."],
      ["Take a photo twice, once turned by 90°, and load both. Are the same places found? Does the descriptor change?",
        "Most places are the same; the direction turns by 90°, and the 128 numbers stay nearly the same."],
    ])],
  });
}
