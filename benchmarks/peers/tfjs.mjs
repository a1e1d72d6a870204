/** TensorFlow.js: a custom loop over optimizer.minimize, on the backend named second. */

import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { answer, CHECK_EPOCHS, problem, version } from './peer.mjs';

const backend = process.argv[3];
await tf.setBackend(backend);
await tf.ready();
if (tf.getBackend() !== backend) throw new Error(`TF.js runs on ${tf.getBackend()}`);

const { inputs, targets, weights, batch, learning_rate } = problem();
const layers = weights.map(({ w, b }) => ({
  w: tf.variable(tf.tensor2d(w)),
  b: tf.variable(tf.tensor1d(b)),
}));
const x = tf.tensor2d(inputs);
const t = tf.tensor2d(targets);
const batches = [];
for (let i = 0; i < inputs.length; i += batch) {
  batches.push([x.slice([i, 0], [batch, -1]), t.slice([i, 0], [batch, -1])]);
}
const optimizer = tf.train.sgd(learning_rate);

function loss(x, t) {
  const outputs = layers.reduce((h, { w, b }) => h.matMul(w).add(b).tanh(), x);
  return outputs.sub(t).square().mean().mul(0.5);
}

function epoch() {
  for (const [x, t] of batches) tf.tidy(() => void optimizer.minimize(() => loss(x, t)));
  return batches.length;
}

for (let i = 0; i < CHECK_EPOCHS; i++) epoch();
const check = tf.tidy(() => loss(x, t).dataSync()[0]);
await answer(`TF.js, ${backend}`, version('@tensorflow/tfjs'), check, epoch);
