// Part 5: Haar features and a cascade that finds faces.
import { CASCADE } from "../../data/cascade.js";
import { unpack } from "../../numerics/cascade.js";
import { imageChooser } from "../../ui/images.js";
import { part, tasks } from "../../ui/steps.js";
import { store } from "../../ui/store.js";
import { cascadeStep } from "./cascade_step.js";
import { haarStep } from "./haar_step.js";
import { integralStep } from "./integral_step.js";
import { windowStep } from "./window_step.js";

export function facesPart() {
  const shared = store({ cascade: unpack(CASCADE), result: null, window: null });
  return part({
    number: 5,
    title: "Finding faces",
    lead: "In 2001 Paul Viola and Michael Jones made a detector that found faces in real time, on the "
      + "computers of that day. Three ideas did it: an integral image, so that features cost almost "
      + "nothing; boosting, which picks the few good features out of thousands; and a cascade, which "
      + "gives up early on nearly every window. Every digital camera had it soon after.",
    images: imageChooser(),
    steps: [integralStep(), haarStep(), cascadeStep(shared), windowStep(shared), tasks([
      ["In the integral image, which rectangle needs only the number D?",
        "One that begins in the upper left corner: A, B and C are zeros there."],
      ["Find the feature and size that answers most strongly at the astronaut's eyes.",
        "“Edge, top/bottom”, as wide as both eyes: the eyes are darker than the cheeks. “Line, upright” between the eyes works, too."],
      ["How many windows are left after 3 stages, in percent? How many questions does a window get on average?",
        "A few percent are left. A window gets a few dozen questions, out of 2,135."],
      ["Set “a face needs more windows than” to 0. What appears, and why does a real face pass with many windows?",
        "Single windows on things that look a little like a face. A real face passes at several sizes and places, shifted by a few pixels."],
      ["Load a photo of yourself with the head tilted by 30°. Why is it not found?",
        "The training faces were upright. The features are fixed to rows and columns, so a tilted face looks different to all of them."],
    ])],
  });
}
