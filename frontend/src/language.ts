/**
 * A language that `Intl` knows. uPlot asks for the browser's own at its start, and fails where it
 * is none: Chromium under the POSIX locale says "en-US@posix", and the page stayed empty.
 */
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
}

export {};
