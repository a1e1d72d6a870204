/** What is laid over the plot of a duel; remembered from visit to visit. */

import { preference } from '../state/storage';

export type LayerName = 'made' | 'pushes' | 'clouds' | 'manifold';

const kept = {
  made: preference<boolean>('duel.made', true),
  pushes: preference<boolean>('duel.pushes', true),
  clouds: preference<boolean>('duel.clouds', true),
  manifold: preference<boolean>('duel.manifold', false),
};

class Shown {
  made = $state(kept.made.get());
  pushes = $state(kept.pushes.get());
  clouds = $state(kept.clouds.get());
  manifold = $state(kept.manifold.get());

  set(name: LayerName, on: boolean): void {
    this[name] = on;
    kept[name].set(on);
  }
}

export const shown = new Shown();
