import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import rsc from '@vitejs/plugin-rsc'
import { createBuilder, type EnvironmentOptions } from 'vite'

const root = join(import.meta.dirname, '../fixtures/server-components')
const out = join(import.meta.dirname, '../../.cache/server-components')

/** Builds a page of server components for production, out of the built packages, as a framework does; gives its server. */
export async function buildServerComponents(): Promise<(request: Request) => Promise<Response>> {
  // React chooses by this how it is built and, on the server, when it is loaded.
  const before = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'production'
  try {
    const onServer = { resolve: { noExternal: true } } as const
    const environments = { rsc: { ...onServer, ...built('rsc') }, ssr: { ...onServer, ...built('ssr') }, client: built('browser', 'client') }
    const builder = await createBuilder({ root, configFile: false, logLevel: 'error', plugins: [rsc()], environments })
    await builder.buildApp()
    const { answer } = (await import(pathToFileURL(join(out, 'rsc/index.js')).href)) as { answer: (request: Request) => Promise<Response> }
    await (await answer(new Request('http://127.0.0.1/'))).text() // loads the renderer, too
    return request => {
      const { pathname } = new URL(request.url)
      return pathname.startsWith('/assets/') ? asset(pathname) : answer(request)
    }
  } finally {
    process.env['NODE_ENV'] = before
  }
}

function built(entry: string, folder: string = entry): EnvironmentOptions {
  return { build: { outDir: join(out, folder), emptyOutDir: true, rollupOptions: { input: { index: join(root, `entry.${entry}.tsx`) } } } }
}

async function asset(pathname: string): Promise<Response> {
  return new Response(await readFile(join(out, 'client', pathname)), { headers: { 'content-type': 'text/javascript; charset=utf-8' } })
}
