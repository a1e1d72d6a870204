/** ConvNetJS with its own trainer: SGD, one example at a time, an update every batch. */

import convnetjs from 'convnetjs';
import { answer, CHECK_EPOCHS, problem, version } from './peer.mjs';

const { inputs, targets, weights, batch, learning_rate } = problem();

const net = new convnetjs.Net();
net.makeLayers([
  { type: 'input', out_sx: 1, out_sy: 1, out_depth: inputs[0].length },
  ...weights.slice(0, -1).map(({ b }) => ({ type: 'fc', num_neurons: b.length, activation: 'tanh' })),
  { type: 'regression', num_neurons: 1 },
]);
// its regression layer is linear by itself; ours ends in tanh
net.layers.splice(-1, 0, new convnetjs.TanhLayer({ in_sx: 1, in_sy: 1, in_depth: 1 }));
const dense = net.layers.filter((layer) => layer.layer_type === 'fc');
dense.forEach((layer, i) => {
  weights[i].b.forEach((b, unit) => {
    layer.biases.w[unit] = b;
    weights[i].w.forEach((row, input) => (layer.filters[unit].w[input] = row[unit]));
  });
});

const options = { method: 'sgd', learning_rate, momentum: 0, batch_size: batch };
const trainer = new convnetjs.Trainer(net, options);
const examples = inputs.map((row) => {
  const x = new convnetjs.Vol(1, 1, row.length);
  row.forEach((value, i) => (x.w[i] = value));
  return x;
});

function epoch() {
  for (let i = 0; i < examples.length; i++) trainer.train(examples[i], targets[i]);
  return examples.length / batch;
}

for (let i = 0; i < CHECK_EPOCHS; i++) epoch();
const losses = examples.map((x, i) => 0.5 * (net.forward(x).w[0] - targets[i][0]) ** 2);
const loss = losses.reduce((a, b) => a + b) / losses.length;
await answer('ConvNetJS', version('convnetjs'), loss, epoch);
