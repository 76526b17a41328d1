import path from 'node:path'
import { defineConfig } from 'vite'

/**
 * Two entries: `staff` is a page of its own, `consumer` enhances pages that the core renders and finds through the
 * manifest. Decorators are the experimental ones on purpose: standard `accessor` decorators pass this build
 * untransformed and fail in the browser (test/browser checks a page that uses them).
 */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  publicDir: false,
  build: {
    outDir: path.join(import.meta.dirname, 'dist'),
    emptyOutDir: true,
    manifest: true,
    target: 'es2022',
    assetsDir: 'assets',
    // Everything stays a file of its own: a data: address would need an exception for fonts and scripts in the CSP.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        staff: path.join(import.meta.dirname, 'staff/index.html'),
        consumer: path.join(import.meta.dirname, 'consumer/consumer.ts'),
      },
    },
  },
})
