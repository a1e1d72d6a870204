/** Words and numbers of the network. */

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A weight with four decimals, with fewer digits where it is very large or very small. */
export function weightText(value: number): string {
  const size = Math.abs(value);
  const plain = size === 0 || (size >= 0.00005 && size < 10_000);
  return (plain ? value.toFixed(4) : value.toExponential(2)).replaceAll('-', '−');
}

/** Why lines have no colour: the weights into these layers are too many to be sent. */
export function greyText(layers: string[], most: number): string {
  const into = layers.length > 1 ? `${layers.slice(0, -1).join(', ')} and ` : '';
  const last = layers.at(-1) ?? '';
  return `The lines into ${into}${last} are grey: up to ${most.toLocaleString('en')} weights of a layer are shown live.`;
}

export function unitName(unit: number, noun = 'unit'): string {
  return `${noun} ${unit + 1}`;
}

/** "Layer 2", or "Output" for the one behind the hidden layers. */
export function layerName(layer: number, hidden: number): string {
  return layer < hidden ? `Layer ${layer + 1}` : 'Output';
}
