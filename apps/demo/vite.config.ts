import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig } from 'vite'
import { demoRelay } from './demo-relay.ts'

const pages = ['index.html', 'split.html'].map(page => `${import.meta.dirname}/${page}`)

export default defineConfig({
  plugins: [react(), demoRelay()],
  resolve: { conditions: ['@earshot/source', ...defaultClientConditions] },
  server: { host: '127.0.0.1' },
  preview: { host: '127.0.0.1' },
  build: {
    target: 'es2022',
    // The first with `light-dark()`.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: false,
    rollupOptions: { input: pages },
  },
})
