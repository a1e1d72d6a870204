/** A colour for every pinned run, told apart by every kind of vision (pictures/colors.test.ts). */

interface RunColor {
  light: string;
  dark: string;
}

export const RUN_COLORS: readonly RunColor[] = [
  { light: '#d77f11', dark: '#f2ee3e' },
  { light: '#741ccf', dark: '#b50fff' },
  { light: '#10a4ae', dark: '#6dfcf9' },
  { light: '#015303', dark: '#d00900' },
  { light: '#a164ff', dark: '#acb204' },
  { light: '#80037a', dark: '#057389' },
];

export const runColor = (slot: number, dark: boolean): string =>
  (RUN_COLORS[slot % RUN_COLORS.length] as RunColor)[dark ? 'dark' : 'light'];
