/** The notebook's live picture of a session: what widget.py hands over, drawn on two canvases. */

const WIDTH = 300;
const HEIGHT = 240;
const TRAIN = '#8a939b';
const TEST = '#0877bd';

function render({ model, el }) {
  const sheet = document.createElement('div');
  sheet.className = 'layerlab';
  sheet.innerHTML = `
    <style>
      .layerlab { display: flex; flex-wrap: wrap; gap: 8px 16px; font: 13px system-ui, sans-serif; }
      .layerlab figure { margin: 0; }
      .layerlab figcaption { opacity: .75; }
      .layerlab canvas { width: ${WIDTH}px; height: ${HEIGHT}px; }
      .layerlab footer { display: flex; gap: 8px; align-items: center; flex-basis: 100%; }
    </style>
    <figure><canvas data-curves role="img" aria-label="Loss curves"></canvas>
      <figcaption>Loss over epochs: <b style="color:${TRAIN}">train</b>,
        <b style="color:${TEST}">test</b></figcaption></figure>
    <figure><canvas data-surface role="img" aria-label="What the network answers"></canvas>
      <figcaption>What the network answers</figcaption></figure>
    <footer>
      <button type="button" data-act="play">Play</button>
      <button type="button" data-act="reset">Reset</button>
      <span role="status"></span>
      <a target="_blank" rel="noreferrer">Open in Layerlab</a>
    </footer>`;
  el.append(sheet);
  const find = (selector) => sheet.querySelector(selector);
  const curves = pen(find('[data-curves]'));
  const surface = pen(find('[data-surface]'));
  const play = find('[data-act=play]');
  find('a').href = model.get('link');
  for (const button of sheet.querySelectorAll('button')) {
    button.hidden = !model.get('control');
    button.onclick = () => model.send({ act: button.dataset.act });
  }

  const tell = () => {
    const moment = model.get('moment');
    play.dataset.act = moment.playing ? 'pause' : 'play';
    play.textContent = moment.playing ? 'Pause' : 'Play';
    find('[role=status]').textContent = words(moment);
  };
  let waiting = 0;
  const draw = () => {
    waiting = 0;
    drawCurves(curves, floats(model.get('curve')));
    drawOutcome(surface, model);
  };
  /** However many of them change at once, they are drawn once. */
  const soon = () => {
    waiting ||= requestAnimationFrame(draw);
  };
  const pictures = 'change:curve change:surface change:places change:paints change:scene';
  for (const event of pictures.split(' ')) model.on(event, soon);
  model.on('change:moment', tell);
  tell();
  draw();
  return () => {
    cancelAnimationFrame(waiting);
    for (const event of pictures.split(' ')) model.off(event, soon);
    model.off('change:moment', tell);
  };
}

function words({ step = 0, epoch = 0, status = '', message, metrics }) {
  const scores = metrics?.test ?? metrics?.train ?? {};
  const said = Object.entries(scores).map(([name, value]) => `${name} ${value.toPrecision(3)}`);
  const words = [`epoch ${Math.floor(epoch)}`, `step ${step}`, ...said, message || status];
  return words.filter(Boolean).join(' · ');
}

/** A canvas's context in CSS pixels, sharp on any screen. */
function pen(canvas) {
  const scale = globalThis.devicePixelRatio || 1;
  canvas.width = WIDTH * scale;
  canvas.height = HEIGHT * scale;
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  return context;
}

const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
/** Copied, because the bytes may lie anywhere and floats may not. */
const floats = (view) => new Float32Array(bytes(view).slice().buffer);

function drawCurves(context, curve) {
  context.clearRect(0, 0, WIDTH, HEIGHT);
  const rows = curve.length / 3;
  if (!rows) return;
  const box = { left: 44, top: 6, width: WIDTH - 50, height: HEIGHT - 26 };
  const last = curve[curve.length - 3] || 1;
  const top = Math.max(...curve.filter((value, i) => i % 3 && Number.isFinite(value)), 1e-9);
  const x = (epoch) => box.left + (epoch / last) * box.width;
  const y = (loss) => box.top + (1 - loss / top) * box.height;
  axes(context, box, last, top);
  for (const [column, color] of [
    [1, TRAIN],
    [2, TEST],
  ]) {
    context.beginPath();
    for (let row = 0; row < rows; row++) {
      const loss = curve[3 * row + column];
      if (Number.isFinite(loss)) context.lineTo(x(curve[3 * row]), y(loss));
    }
    context.strokeStyle = color;
    context.lineWidth = column;
    context.stroke();
  }
}

function axes(context, { left, top, width, height }, last, highest) {
  const ink = getComputedStyle(context.canvas).color;
  context.strokeStyle = ink;
  context.fillStyle = ink;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(left, top);
  context.lineTo(left, top + height);
  context.lineTo(left + width, top + height);
  context.stroke();
  context.font = '11px system-ui, sans-serif';
  context.textAlign = 'right';
  context.fillText(highest.toPrecision(2), left - 4, top + 10);
  context.fillText('0', left - 4, top + height);
  context.fillText(String(Math.floor(last)), left + width, top + height + 14);
}

function drawOutcome(context, model) {
  const { dimensions, domain, range } = model.get('scene');
  context.clearRect(0, 0, WIDTH, HEIGHT);
  if (!dimensions) return;
  const side = Math.min(WIDTH, HEIGHT);
  const box = dimensions === 2 ? [side, side] : [WIDTH, HEIGHT];
  const spans = dimensions === 2 ? [domain, domain] : [domain, range];
  if (dimensions === 2) drawPlane(context, bytes(model.get('surface')), side);
  else drawLines(context, floats(model.get('surface')), range);
  const places = floats(model.get('places'));
  const paints = bytes(model.get('paints'));
  for (let i = 0; i < places.length / 2; i++) {
    const [across, up] = spans.map(([from, to], axis) => (places[2 * i + axis] - from) / (to - from));
    context.beginPath();
    context.arc(across * box[0], (1 - up) * box[1], 2.5, 0, 2 * Math.PI);
    context.fillStyle = `rgb(${paints.slice(3 * i, 3 * i + 3).join()})`;
    context.fill();
    context.strokeStyle = '#ffffff';
    context.lineWidth = 0.5;
    context.stroke();
  }
}

/** Colours, row by row from the top, as one picture drawn large. */
function drawPlane(context, colors, side) {
  const size = Math.sqrt(colors.length / 3);
  if (!size) return;
  const picture = new ImageData(size, size);
  for (let i = 0; i < size * size; i++)
    picture.data.set([...colors.subarray(3 * i, 3 * i + 3), 190], 4 * i);
  const small = new OffscreenCanvas(size, size);
  small.getContext('2d').putImageData(picture, 0, 0);
  context.drawImage(small, 0, 0, side, side);
}

function drawLines(context, values, [low, high]) {
  context.beginPath();
  values.forEach((value, i) => {
    const across = (i / (values.length - 1)) * WIDTH;
    context.lineTo(across, (1 - (value - low) / (high - low || 1)) * HEIGHT);
  });
  context.strokeStyle = TEST;
  context.lineWidth = 2;
  context.stroke();
}

export default { render };
