// Part 7: support vector machines in two dimensions.
import { part, tasks } from "../../ui/steps.js";
import { handStep } from "./hand_step.js";
import { svmStep } from "./svm_step.js";

export function marginPart() {
  return part({
    number: 7,
    title: "The margin",
    lead: "A support vector machine does not take just any border between two classes, but the one "
      + "with the most room on both sides. That one idea, from the 1990s, gives classifiers that do "
      + "well with few examples, in two dimensions as here or in the thousands of a histogram of "
      + "visual words.",
    steps: [handStep(), svmStep("linear"), svmStep("rbf"), tasks([
      ["Find the widest margin by hand. How many points does it touch?",
        "At least two, usually three: one of one class and two of the other. They are the support vectors."],
      ["Press “Remove what it does not matter”. Why does the line stay where it is?",
        "Only the support vectors have a weight in the solution. All other points could have been left out from the start."],
      ["Make C small, then large. What happens to the width of the margin and to the mistakes?",
        "Small C: wide margin, more points inside. Large C: narrow margin, fewer training mistakes, but the line follows single points."],
      ["Put one point of class 1 deep into class 0 and turn C up and down. When does the line give way?",
        "With large C the line turns to please a single outlier; with small C it is ignored."],
      ["With the RBF kernel on the spirals: find γ and C that follow the spirals. Then raise γ to the end. What does the border do?",
        "γ of about 10 to 30 works. At the end every point has an island of its own: nothing is learned about the places between."],
    ])],
  });
}
