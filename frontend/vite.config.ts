import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const SERVER = 'http://127.0.0.1:8000';

/** Every browser we support reads woff2: leave KaTeX's older fonts out of the package. */
const woff2Only: Plugin = {
  name: 'woff2-only',
  enforce: 'pre',
  transform(code, id) {
    if (!id.includes('katex') || !id.endsWith('.css')) return null;
    return code.replace(/,url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)/g, '');
  },
};

// The server's templates name the entries and their styles, so those have fixed names; what
// they load later is hashed.
const STYLES = ['app.css', 'docs.css'];

export default defineConfig(({ command, mode }) => ({
  base: command === 'build' ? '/static/' : '/',
  plugins: [woff2Only, svelte()],
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  publicDir: false,
  build: {
    outDir: '../static',
    emptyOutDir: true,
    manifest: 'manifest.json',
    target: 'es2022',
    cssCodeSplit: true,
    chunkSizeWarningLimit: 1600, // kB: Swagger UI is one piece
    rolldownOptions: {
      input: { app: 'src/main.ts', docs: 'src/docs.ts', theme: 'src/shell/theme-first.ts' },
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: 'chunks/[name]-[hash].js',
        assetFileNames: ({ names }) =>
          STYLES.find((name) => names.includes(name)) ?? 'assets/[name]-[hash][extname]',
      },
    },
  },
  server: {
    port: 5173,
    proxy: {
      '/api': { target: SERVER, ws: true, changeOrigin: true, rewriteWsOrigin: true },
      '/healthz': SERVER,
      '/e/': SERVER,
    },
  },
  test: {
    environment: 'node', // a test that needs a document says: @vitest-environment happy-dom
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
  },
}));
