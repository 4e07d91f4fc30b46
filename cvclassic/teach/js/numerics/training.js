// A network in training: its data, its weights, and how the losses went.
import { makePoints, split } from "./points.js";
import { accuracy, epoch, loss, newNetwork } from "./network.js";
import { randomSource, shuffled } from "./random.js";

export function newTraining({ shape, n, noise, seed, share, hidden, activation }) {
  const data = split(makePoints({ shape, n, noise, seed }), share);
  const random = randomSource(seed + 1000);
  const network = newNetwork([2, ...hidden.filter((k) => k > 0), 1], activation, random);
  return { data, network, random, epochs: 0, every: 1, history: { train: [], validation: [] } };
}

export function record(training) {
  const { data, network, history } = training;
  history.train.push(loss(network, data.train));
  history.validation.push(loss(network, data.validation));
  // long runs keep every second entry, so that a chart never has more than 400 of them
  if (history.train.length > 400) {
    training.every *= 2;
    for (const kind of ["train", "validation"]) history[kind] = history[kind].filter((_, i) => i % 2 === 0);
  }
}

export function advance(training, { rate, batch, l1 = 0, l2 = 0 }) {
  const { train } = training.data;
  const order = shuffled(train.x.length, training.random);
  training.network = epoch(training.network, train, { rate, batch, l1, l2, order });
  training.epochs += 1;
  if (training.epochs % training.every === 0) record(training);
}

export function scoresOf({ network, data }) {
  return Object.fromEntries(Object.entries(data).map(([kind, points]) =>
    [kind, { loss: loss(network, points), accuracy: accuracy(network, points) }]));
}
