import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'
import { build, defaultClientConditions, type Rollup } from 'vite'
import { buildDemo, previewDemo } from './demo-site.ts'
import { serveNext } from './next-site.ts'
import { buildServerComponents } from './server-components.ts'

/** Which site. */
export type Pages = 'fixtures' | 'demo' | 'demo-relay' | 'server-components' | 'next'

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

/** What a site has to say to a request. */
type Answer = (request: Request) => Response | Promise<Response>

/** Serves pages that Vite builds here and now: the demo, what fixtures make of the packages' sources, or server components, with Vite or Next.js. `demo-relay` is the demo in Vite's preview server, with the relay inside. */
export async function serve(pages: Pages): Promise<Site> {
  if (pages === 'next') return serveNext()
  if (pages === 'demo-relay') return previewDemo()
  const answer = await answers[pages]()
  const server = createServer((request, response) => {
    void send(answer, new Request(new URL(request.url ?? '/', 'http://127.0.0.1')), response)
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

const answers: Record<Exclude<Pages, 'next' | 'demo-relay'>, () => Promise<Answer>> = {
  fixtures: async () => withFiles(await buildFixtures()),
  demo: async () => withFiles(await buildDemo()),
  'server-components': buildServerComponents,
}

function withFiles(files: Map<string, string | Uint8Array>): Answer {
  return ({ url }) => {
    const { pathname } = new URL(url)
    const body = files.get(pathname === '/' ? 'index.html' : pathname.slice(1))
    if (body === undefined) return new Response(null, { status: pathname === '/favicon.ico' ? 204 : 404 })
    return new Response(Buffer.from(body), { headers: { 'content-type': TYPES.get(extname(pathname) || '.html') ?? 'application/octet-stream' } })
  }
}

async function send(answer: Answer, request: Request, response: ServerResponse): Promise<void> {
  try {
    const { status, headers, body } = await answer(request)
    response.writeHead(status, Object.fromEntries(headers))
    for await (const part of body ?? []) response.write(part)
  } catch (error) {
    if (!response.headersSent) response.writeHead(500)
    response.write(String(error))
  }
  response.end()
}

function buildFixtures(): Promise<Map<string, string | Uint8Array>> {
  const root = `${import.meta.dirname}/../fixtures`
  return filesOf(
    build({
      root,
      configFile: false,
      logLevel: 'error',
      resolve: { conditions: ['@earshot/source', ...defaultClientConditions] },
      build: { write: false, minify: false, target: 'es2022', modulePreload: false, rollupOptions: { input: ['lab', 'blank', 'one-socket', 'talk', 'worker'].map(page => `${root}/${page}.html`) } },
    }),
  )
}

async function filesOf(building: ReturnType<typeof build>): Promise<Map<string, string | Uint8Array>> {
  const built = await building
  if ('close' in built) throw new Error('Vite watches instead of building')
  const outputs: Rollup.OutputBundle[string][] = [built].flat().flatMap(({ output }) => output)
  return new Map(outputs.map(file => [file.fileName, file.type === 'asset' ? file.source : file.code]))
}
