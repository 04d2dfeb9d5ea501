import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { EvaluateFunc } from 'puppeteer-core'
import { expect } from 'vitest'
import type { DrivenBrowser, DrivenTab } from './driven.ts'
import { descendants } from './processes.ts'

const driver = '/usr/bin/WebKitWebDriver'
const binary = ['x86_64', 'aarch64'].map(machine => `/usr/lib/${machine}-linux-gnu/webkit2gtk-4.1/MiniBrowser`).find(existsSync)

const environment = {
  LIBGL_ALWAYS_SOFTWARE: '1',
  WEBKIT_DISABLE_DMABUF_RENDERER: '1',
  WEBKIT_DISABLE_COMPOSITING_MODE: '1',
  // Root may not make namespaces everywhere.
  WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
}

/** Asks the driver. */
type Send = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) => Promise<unknown>

/** A tab of WebKitGTK. */
export class WebKitTab implements DrivenTab {
  /** Does one thing after the other in this tab. */
  readonly #inside: <T>(task: (send: Send) => Promise<T>) => Promise<T>

  constructor(inside: <T>(task: (send: Send) => Promise<T>) => Promise<T>) {
    this.#inside = inside
  }

  async evaluate<Parameters extends unknown[], Run extends EvaluateFunc<Parameters>>(run: Run | string, ...parameters: Parameters): Promise<Awaited<ReturnType<Run>>> {
    const script = `const [parameters, done] = arguments
      new Promise(resolve => resolve((${run.toString()})(...parameters))).then(value => done(JSON.stringify({ value })), error => done(JSON.stringify({ error: String(error) })))`
    const said = await this.#inside(send => send('POST', '/execute/async', { script, args: [parameters] }))
    const { value, error } = JSON.parse(String(said))
    if (error !== undefined) throw new Error(error)
    return value
  }

  goto(url: string): Promise<unknown> {
    return this.#inside(send => send('POST', '/url', { url }))
  }

  reload(): Promise<unknown> {
    return this.#inside(send => send('POST', '/refresh', {}))
  }

  async close(): Promise<void> {
    await this.#inside(send => send('DELETE', '/window'))
  }
}

/** Debian's WebKitGTK on a screen of its own, for the pages of one site. */
export class WebKit implements DrivenBrowser<WebKitTab> {
  readonly #processes: ChildProcess[] = []
  readonly #origin: string
  /** Of each tab. */
  readonly #contents = new Map<WebKitTab, number>()
  #base = ''
  #last: Promise<unknown> = Promise.resolve()
  /** The driver does not tell. */
  readonly complaints: readonly string[] = []
  version = ''

  private constructor(origin: string) {
    this.#origin = origin
  }

  static async start(origin: string): Promise<WebKit> {
    if (!binary || !existsSync(driver)) throw new Error(`${driver} is missing: run \`node scripts/install-browser.mjs webkit\`, which installs it`)
    const browser = new WebKit(origin)
    await browser.#start(binary)
    return browser
  }

  url(path: string): string {
    return `${this.#origin}${path}`
  }

  open(path: string): Promise<WebKitTab> {
    return this.#queue(async () => {
      const before = this.#started('WebKitWebProcess')
      const { handle } = (await this.#send('POST', '/window/new', { type: 'window' })) as { handle: string }
      const tab = new WebKitTab(task =>
        this.#queue(async () => {
          await this.#send('POST', '/window', { handle })
          return task(this.#send)
        }),
      )
      await this.#send('POST', '/window', { handle })
      await this.#send('POST', '/url', { url: this.url(path) })
      const [pid, ...others] = [...this.#started('WebKitWebProcess')].filter(each => !before.has(each))
      if (pid !== undefined && others.length === 0) this.#contents.set(tab, pid)
      return tab
    })
  }

  /** The driver ends its session with the first process that is killed: from then on only pages can say anything. */
  async crash(tab: WebKitTab): Promise<number> {
    await this.#last
    const pid = this.#contents.get(tab)
    if (pid === undefined || !this.#started('WebKitWebProcess').has(pid)) throw new Error('Nobody knows the process of this tab')
    const at = Date.now()
    process.kill(pid, 'SIGKILL')
    return at
  }

  async close(): Promise<void> {
    // The browser outlives a session that was ended for it.
    const browsers = this.#started('MiniBrowser')
    await this.#queue(() => this.#send('DELETE', '')).catch(() => {})
    for (const pid of browsers) if (this.#started('MiniBrowser').has(pid)) process.kill(pid)
    for (const child of this.#processes.reverse()) {
      const exit = once(child, 'exit')
      child.kill()
      await exit
    }
  }

  #started(word: string): Set<number> {
    return descendants(process.pid, word)
  }

  async #start(binary: string): Promise<void> {
    const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
    this.#processes.push(screen)
    const [display] = (await once(screen.stdio[3] as NodeJS.ReadableStream, 'data')) as [Buffer]
    const port = await freePort()
    const env = { ...process.env, ...environment, DISPLAY: `:${display.toString().trim()}` }
    this.#processes.push(spawn(driver, [`--port=${port}`, '--host=127.0.0.1'], { env, stdio: 'ignore' }))
    this.#base = `http://127.0.0.1:${port}`
    await expect.poll(() => this.#send('GET', '/status').then(() => true, () => false)).toBe(true)
    const alwaysMatch = { browserName: 'MiniBrowser', 'webkitgtk:browserOptions': { binary, args: ['--automation'] } }
    const { sessionId, capabilities } = (await this.#send('POST', '/session', { capabilities: { alwaysMatch } })) as { sessionId: string; capabilities: { browserVersion: string } }
    this.version = `WebKitGTK ${capabilities.browserVersion}`
    this.#base += `/session/${sessionId}`
  }

  /** The driver has one current window: whoever needs another waits. */
  #queue<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task)
    this.#last = done.catch(() => {})
    return done
  }

  readonly #send: Send = async (method, path, body) => {
    const response = await fetch(this.#base + path, { method, ...(body !== undefined && { body: JSON.stringify(body) }) })
    const { value } = (await response.json()) as { value: { message?: string } }
    if (!response.ok) throw new Error(`${path}: ${value.message ?? response.status}`)
    return value
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
