// A real Chromium for cases: pages of an origin of their own, and calls of what they offer.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'

const executablePath = '/usr/bin/chromium'
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

/** Hands `task` a browser whose pages have these scripts, by path: `{ '/': file }`; afterwards nothing is left of it. */
export async function withBrowser(scripts, task) {
  if (!existsSync(executablePath)) execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/install-browser.mjs', import.meta.url))], { stdio: 'inherit' })
  const profile = mkdtempSync(join(tmpdir(), 'earshot-bench-'))
  const server = await serve(scripts)
  const context = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args })
  try {
    return await task({ context, open: (path = '/') => openTab(context, `http://127.0.0.1:${server.address().port}${path}`) })
  } finally {
    await context.close()
    server.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Opens a tab, of whose script `ask` calls the functions of `globalThis.tab`. What goes wrong in the page is thrown. */
async function openTab(context, url) {
  const page = await context.newPage()
  const failures = []
  page.on('pageerror', (error) => failures.push(error))
  page.on('console', (message) => {
    if (message.type() === 'error') failures.push(new Error(message.text()))
  })
  await page.goto(url)
  return {
    page,
    async ask(name, ...values) {
      const call = page.evaluate(([called, given]) => globalThis.tab[called](...given), [name, values])
      const result = await withDeadline(call, 90_000, () => `${name} did not end: ${failures.join('; ')}`)
      if (failures.length > 0) throw failures[0]
      return result
    },
    close: () => page.close(),
  }
}

async function withDeadline(promise, ms, text) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(text())), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Empty pages with a script each. Isolated, for clocks of 5 µs. */
async function serve(scripts) {
  const found = new Map()
  for (const [path, script] of Object.entries(scripts)) {
    found.set(path, ['text/html', `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/script${path}.js"></script>`])
    found.set(`/script${path}.js`, ['text/javascript', await bundle(script)])
  }
  const server = createServer((request, response) => {
    const [type, text] = found.get(request.url) ?? []
    response.writeHead(type ? 200 : 404, {
      'content-type': type ?? 'text/plain',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    })
    response.end(text)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function bundle({ file, mode = 'production' }) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(file)],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxDev: mode === 'development',
    define: { 'process.env.NODE_ENV': JSON.stringify(mode) },
    logLevel: 'error',
  })
  return outputFiles[0].text
}
