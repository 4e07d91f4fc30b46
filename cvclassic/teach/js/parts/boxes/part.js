// Part 6: from a classifier to a detector.
import { imageChooser } from "../../ui/images.js";
import { part, tasks } from "../../ui/steps.js";
import { iouStep } from "./iou_step.js";
import { nmsStep } from "./nms_step.js";
import { windowsStep } from "./windows_step.js";

export function boxesPart() {
  return part({
    number: 6,
    title: "Windows and boxes",
    lead: "“There is a face in this image” is classification. “It is here, and this large” is detection. "
      + "The classical way from one to the other: slide a window over the image at all sizes, classify "
      + "each, and tidy up. Modern detectors replaced the first step; overlap and suppression are the "
      + "same today.",
    images: imageChooser(),
    steps: [windowsStep(), iouStep(), nmsStep(), tasks([
      ["Halve the stride. How many times as many windows are there?",
        "About four times: twice as many along each axis."],
      ["A pyramid with factor 1.05 instead of 1.25: what it does it cost, and what it does it bring?",
        "Several times the windows; objects whose size lies between two levels are hit more exactly."],
      ["Shift a box by a quarter of its width against another of the same size. What is their IoU?",
        "They share 3/4: 0.75 / (2 − 0.75) = 0.6."],
      ["Can a box lie completely inside another and still have an IoU below 0.5?",
        "Yes, as soon as its area is less than half of the larger one."],
      ["In the made-up scene, two objects stand close together. With which limits does NMS keep both? What goes wrong with very low and very high limits?",
        "Low limits remove one of two close objects; high limits keep several boxes per object. Limits of about 0.3 to 0.5 are usual."],
    ])],
  });
}
