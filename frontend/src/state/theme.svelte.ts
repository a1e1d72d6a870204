import { preference } from './storage';

type Theme = 'light' | 'dark';

// the template's inline script reads the same key before the first paint
const chosen = preference<string>('theme', '');
const system = matchMedia('(prefers-color-scheme: dark)');

const isTheme = (value: string): value is Theme => value === 'light' || value === 'dark';

/** Dark or light: the system's wish until the person says otherwise. `data-theme` on the root. */
class ThemeStore {
  current = $state<Theme>('light');

  constructor() {
    this.#follow();
    system.addEventListener('change', () => this.#follow());
  }

  toggle(): void {
    chosen.set(this.current === 'dark' ? 'light' : 'dark');
    this.#follow();
  }

  #follow(): void {
    const wish = chosen.get();
    this.current = isTheme(wish) ? wish : system.matches ? 'dark' : 'light';
    document.documentElement.dataset.theme = this.current;
  }
}

export const theme = new ThemeStore();
