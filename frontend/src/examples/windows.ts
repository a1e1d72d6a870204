/** Layers whose units look through a window that slides. */

import type { Session } from '../types';

/** Whether a hidden layer has such windows, which a microscope can show. */
export function isWindowed({ experiment }: Pick<Session, 'experiment'>, layer: number): boolean {
  const settings = experiment.network.layers[layer];
  if (!settings || settings.kind.includes('transpose')) return false;
  return 'kernel_size' in settings || 'pool_size' in settings;
}
