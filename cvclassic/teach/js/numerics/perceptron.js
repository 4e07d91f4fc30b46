// Rosenblatt's perceptron (1958): a line that moves at every mistake. Labels are 0 and 1.

export function newPerceptron() {
  return { w: [0, 0], b: 0 };
}

export function activation({ w, b }, [x, y]) {
  return w[0] * x + w[1] * y + b;
}

export function predict(model, point) {
  return activation(model, point) > 0 ? 1 : 0;
}

// One look at one point; the model moves only when it is wrong.
export function learn(model, point, label, rate) {
  const error = label - predict(model, point);
  if (error === 0) return { model, moved: false };
  const w = model.w.map((weight, i) => weight + rate * error * point[i]);
  return { model: { w, b: model.b + rate * error }, moved: true };
}

export function mistakes(model, { x, y }) {
  return x.filter((point, i) => predict(model, point) !== y[i]).length;
}
