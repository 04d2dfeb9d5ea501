import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'
import { build, defaultClientConditions, type Rollup } from 'vite'

/** A site on a port of its own. */
export interface Site {
  readonly port: number
  close(): Promise<void>
}

const TYPES = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
])

/** Serves pages that Vite builds here and now, from the packages' sources. */
export async function serve(pages: 'fixtures' | 'demo'): Promise<Site> {
  const files = pages === 'fixtures' ? await buildFixtures() : await buildDemo()
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const body = files.get(pathname === '/' ? 'index.html' : pathname.slice(1))
    if (body !== undefined) response.writeHead(200, { 'content-type': TYPES.get(extname(pathname) || '.html') ?? 'application/octet-stream' }).end(body)
    else response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end()
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve, reject) => {
        server.close(error => (error ? reject(error) : resolve()))
        server.closeAllConnections()
      }),
  }
}

function buildFixtures(): Promise<Map<string, string | Uint8Array>> {
  const root = `${import.meta.dirname}/../fixtures`
  return filesOf(
    build({
      root,
      configFile: false,
      logLevel: 'error',
      resolve: { conditions: ['@earshot/source', ...defaultClientConditions] },
      build: { write: false, minify: false, target: 'es2022', modulePreload: false, rollupOptions: { input: [`${root}/lab.html`, `${root}/blank.html`] } },
    }),
  )
}

function buildDemo(): Promise<Map<string, string | Uint8Array>> {
  return filesOf(build({ root: `${import.meta.dirname}/../../apps/demo`, logLevel: 'error', build: { write: false } }))
}

async function filesOf(building: ReturnType<typeof build>): Promise<Map<string, string | Uint8Array>> {
  const built = await building
  if ('close' in built) throw new Error('Vite watches instead of building')
  const outputs: Rollup.OutputBundle[string][] = [built].flat().flatMap(({ output }) => output)
  return new Map(outputs.map(file => [file.fileName, file.type === 'asset' ? file.source : file.code]))
}
