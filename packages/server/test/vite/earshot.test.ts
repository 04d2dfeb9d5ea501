import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, createLogger, createServer, type InlineConfig, preview, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Relay } from '../../src/index.ts'
import { earshot, type EarshotPluginApi, type EarshotPluginOptions } from '../../src/vite/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { joinHub, statusOf } from '../support/running-relay.ts'

let root = ''

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'earshot-vite-'))
  writeFileSync(join(root, 'index.html'), '<!doctype html><title>the page</title><script type="module" src="/main.js"></script>')
  writeFileSync(join(root, 'main.js'), 'document.title = "ran"\n')
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

function config(options?: EarshotPluginOptions): InlineConfig {
  return { root, configFile: false, logLevel: 'silent', plugins: [earshot(options)], server: { host: '127.0.0.1', port: 0 }, preview: { host: '127.0.0.1', port: 0 } }
}

function portOf({ httpServer }: Pick<ViteDevServer, 'httpServer'>): number {
  const address = httpServer?.address()
  return typeof address === 'object' && address ? address.port : 0
}

async function startVite(options?: EarshotPluginOptions): Promise<{ vite: ViteDevServer; port: number; http: string; url: string }> {
  const vite = await createServer(config(options))
  onTestFinished(() => vite.close())
  await vite.listen()
  const port = portOf(vite)
  return { vite, port, http: `http://127.0.0.1:${port}`, url: `ws://127.0.0.1:${port}/earshot` }
}

/** What other plugins find. */
function relayOf({ config: { plugins } }: ViteDevServer): Relay | undefined {
  const api: EarshotPluginApi = plugins.find(({ name }) => name === 'earshot')?.api
  return api.relay
}

/** Joins two hubs, and sees that one hears the other. */
async function expectToTalk(url: string): Promise<void> {
  const [ada, bob] = [joinHub(url).hub.openSession(), joinHub(url).hub.openSession()]
  const stream = bob.stream('rooms/*')
  await bob.ready
  await ada.publish('rooms/1', 'hi')
  expect((await stream.next()).value).toMatchObject({ data: 'hi', offset: 1 })
}

describe('in the dev server', { timeout: 20_000 }, () => {
  it('joins browsers at Vite’s own port', async () => {
    const { url } = await startVite()
    await expectToTalk(url)
  })

  it('leaves pages and Vite’s own WebSocket alone', async () => {
    const { vite, http, port, url } = await startVite()
    expect(await (await fetch(http)).text()).toContain('the page')
    const client = await (await fetch(`${http}/@vite/client`)).text()
    const token = /wsToken = "([^"]+)"/.exec(client)?.[1]
    const hmr = new WebSocket(`ws://127.0.0.1:${port}/?token=${token}`, 'vite-hmr')
    onTestFinished(() => hmr.terminate())
    const [connected] = await once(hmr, 'message')
    expect(JSON.parse(String(connected))).toEqual({ type: 'connected' })
    await expectToTalk(url)
    const reload = once(hmr, 'message')
    vite.ws.send({ type: 'full-reload' })
    expect(JSON.parse(String((await reload)[0]))).toMatchObject({ type: 'full-reload' })
  })

  it('answers back ends below its path, and nothing else', async () => {
    const key = 'a-key-of-the-tests'
    const { http } = await startVite({ path: '/live', key })
    const headers = { authorization: `Bearer ${key}` }
    expect(await (await fetch(`${http}/live/occupancy?topic=a`, { headers })).json()).toEqual({ sessions: 0 })
    expect((await fetch(`${http}/live/readyz`)).status).toBe(200)
    expect(await (await fetch(`${http}/healthz`)).text()).toContain('the page')
  })

  it('lets in the page that it serves, and no other', async () => {
    const { port, url } = await startVite()
    await new RawClient(url, { origin: `http://127.0.0.1:${port}` }).opened()
    await expect(new RawClient(url, { origin: 'https://evil.example' }).opened()).rejects.toThrow('HTTP 403')
  })

  it('is there again when Vite restarts, and hubs come back to it', async () => {
    const { vite, url, port } = await startVite()
    const { hub } = joinHub(url)
    const ada = hub.openSession()
    await ada.ready
    const lost = statusOf(hub, ({ state }) => state === 'disconnected')
    // A restart asks for the same port again.
    vite.config.server.port = port
    await vite.restart()
    await lost
    await statusOf(hub, ({ state }) => state === 'connected')
    await ada.publish('rooms/1', 'still here')
    expect(portOf(vite)).toBe(port)
  })

  it('ends with Vite', async () => {
    const { vite, url } = await startVite()
    const { hub } = joinHub(url)
    await hub.openSession().ready
    const relay = relayOf(vite)
    expect(relay?.stats.connections).toBe(1)
    const lost = statusOf(hub, ({ state }) => state === 'disconnected')
    await vite.close()
    await lost
    expect(relay?.stats.connections).toBe(0)
    await expect(relay?.publish('a', 1)).rejects.toMatchObject({ code: 'not-connected' })
  })

  it.each([
    ['says what to do when Vite is a middleware of another server', '', 1],
    ['is not there, and says nothing, when Vite runs tests', 'true', 0],
  ])('%s', async (_what, vitest, warnings) => {
    vi.stubEnv('VITEST', vitest)
    onTestFinished(() => void vi.unstubAllEnvs())
    const told: string[] = []
    const customLogger = { ...createLogger('silent'), warn: (text: string) => void told.push(text) }
    const vite = await createServer({ ...config(), customLogger, server: { middlewareMode: true, ws: false } })
    onTestFinished(() => vite.close())
    expect(told.filter(text => text.includes('relay.attach(server)'))).toHaveLength(warnings)
    expect(relayOf(vite)).toBeUndefined()
  })
})

describe('in the preview of a build', { timeout: 20_000 }, () => {
  it('joins browsers at its port', async () => {
    await build(config())
    const server = await preview(config())
    onTestFinished(() => server.close())
    const port = portOf(server)
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toContain('the page')
    await expectToTalk(`ws://127.0.0.1:${port}/earshot`)
    await expect(new RawClient(`ws://127.0.0.1:${port}/other`).opened()).rejects.toThrow('HTTP 404')
  })
})
