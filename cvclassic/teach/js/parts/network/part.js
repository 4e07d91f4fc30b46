// Part 2: from one perceptron to a small network.
import { part, tasks } from "../../ui/steps.js";
import { networkStep } from "./network_step.js";
import { overfitStep } from "./overfit_step.js";
import { perceptronStep } from "./perceptron_step.js";

export function networkPart() {
  return part({
    number: 2,
    title: "Perceptron and network",
    lead: "A classifier draws a border between classes. Here every image is only two numbers, a point "
      + "on a plane, so that the border can be seen. One artificial neuron draws a line; a few of "
      + "them, in layers, draw almost any curve. How well a curve does on points that it has not "
      + "seen is another question, and the important one.",
    steps: [perceptronStep(), networkStep(), overfitStep(), tasks([
      ["Can one perceptron get all points of “Crosswise (XOR)” right?",
        "No: no straight line separates them. The line never comes to rest. This is what Minsky and Papert showed in 1969."],
      ["How many hidden neurons does a network need for XOR? For the ring?",
        "Two can be enough for XOR (two lines), three for the ring (a triangle). More make training easier."],
      ["Set the activation to “none” and try the ring with many neurons. What happens, and why?",
        "The border stays a straight line: sums of sums are again only sums. The bend in the activation is what makes layers useful."],
      ["Raise the learning rate step by step. What do the loss curves look like when it is too large?",
        "They jump up and down, or stay high: every step lands beyond the valley."],
      ["Batch size 1 against all points: which one is smoother, which one is quicker per epoch?",
        "All points at once gives a smooth curve, but one step per epoch. Single points make many noisy steps."],
      ["In the over-fitting step, find the penalty with the lowest validation loss. What happens beyond it?",
        "Usually between 0.003 and 0.03. With more, the border becomes too simple and both losses rise: under-fitting."],
    ])],
  });
}
