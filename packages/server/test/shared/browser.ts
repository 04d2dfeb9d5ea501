import { createHub, type Hub, type HubStatus, type Message, type Session } from '@earshot/core'
import { createTestBrowser, type TestBrowser, type TestBrowserOptions, type TestTab, type TestTabOptions } from '@earshot/core/testing'
import { createTestNetwork, type TestDevice, type TestNetwork, type TestNetworkOptions } from '@earshot/server/testing'
import { type SharedWebSocketOptions, webSocket } from '@earshot/transport'
import { onTestFinished } from 'vitest'
import { SHARED_VERSION } from '../../../transport/src/shared/posts.ts'
import { sharedSocketOf } from '../../../transport/src/shared/shared-web-socket.ts'
import { channelsOf } from './dialect.ts'

/** A page that runs the app. */
export interface App {
  readonly name: string
  /** None: a machine elsewhere, with a socket of its own. */
  readonly tab: TestTab | undefined
  readonly device: TestDevice
  readonly hub: Hub
  readonly session: Session
  /** Data of what it heard. */
  readonly heard: unknown[]
  readonly messages: Message[]
  readonly errors: string[]
  readonly gaps: unknown[]
  /** All that it was told of its connection. */
  readonly statuses: HubStatus[]
}

/** An app in a tab of the browser. */
export interface TabApp extends App {
  readonly tab: TestTab
  /** Of what it says to other tabs. */
  readonly version: number
}

/** How an app is started. */
export interface AppOptions extends TestTabOptions {
  readonly user?: string | null
  readonly tab?: TestTab
  /** Of what it says to other tabs, which those of another version do not understand. @default the present one */
  readonly version?: number
  readonly transport?: Partial<SharedWebSocketOptions>
}

/** One browser, a relay, and what tests ask of both. */
export interface Computer {
  readonly network: TestNetwork
  readonly browser: TestBrowser
  /** All that were started, in this order. */
  readonly apps: readonly TabApp[]
  /** Those whose page runs and whose hub is not closed. */
  living(): TabApp[]
  /** Starts the app in another tab, or in the one given. */
  open(options?: AppOptions): TabApp
  /** Starts so many, and lets them connect. */
  openAll(count: number, options?: AppOptions): Promise<TabApp[]>
  /** Starts the app on another machine, with a socket of its own. */
  observer(user?: string): App
  /** The one tab that has the socket, of all or of those of a version. */
  leader(version?: number): TabApp
  followers(): TabApp[]
  /** The tab's process ends. */
  crash(app: TabApp): void
  /** The page is loaded anew, and starts the app again. */
  reload(app: TabApp, options?: AppOptions): Promise<TabApp>
  /** The page stops, and is not told. */
  hang(app: TabApp): void
  thaw(app: TabApp): void
  advance(ms: number): Promise<void>
}

interface ComputerOptions extends TestNetworkOptions {
  readonly browser?: TestBrowserOptions
}

/** Milliseconds between browser and relay, and between tabs. */
export const NETWORK_LATENCY = 5
export const CHANNEL_LATENCY = 1

/** Those that say what the one before said. */
export function repeated(statuses: readonly HubStatus[]): string[] {
  const texts = statuses.map(({ cause, ...status }) => JSON.stringify({ ...status, cause: cause && [cause.code, cause.message] }))
  return texts.filter((text, place) => text === texts[place - 1])
}

/** Starts a relay and a browser for one test; when that ends, nothing may be left of it. */
export function startComputer({ browser: browserOptions = {}, relay, ...options }: ComputerOptions = {}): Computer {
  const network = createTestNetwork({ latency: NETWORK_LATENCY, relay: { authenticate: (_, token) => ({ userId: token ?? null }), ...relay }, ...options })
  const { clock, random, url } = network
  const browser = createTestBrowser({ clock, random, latency: CHANNEL_LATENCY, ...browserOptions })
  const apps: TabApp[] = []
  const observers: App[] = []
  const open = ({ user = 'ada', tab, version = SHARED_VERSION, transport = {}, ...tabOptions }: AppOptions = {}): TabApp => {
    const own = tab ?? browser.openTab(tabOptions)
    const name = `app ${apps.length}`
    const device = network.device(name)
    const shared = sharedSocketOf(version, { ...own.env, ...(version !== SHARED_VERSION && { BroadcastChannel: channelsOf(version, own.env.BroadcastChannel) }), url, WebSocket: device.WebSocket, random, user, ...(user !== null && { token: user }), ...transport })
    const app = { ...start(name, device, user, own.env.clock, shared), tab: own, version }
    apps.push(app)
    return app
  }
  const start = (name: string, device: TestDevice, user: string | null, ownClock: TestTab['env']['clock'], transport: ReturnType<typeof webSocket>): App => {
    const errors: string[] = []
    const hub = createHub({ transport, clock: ownClock, random, onError: error => void errors.push(`${error.code}: ${error.message}`) })
    const statuses = [hub.status]
    const gaps: unknown[] = []
    hub.on('status', status => void statuses.push(status))
    hub.on('gap', gap => void gaps.push(gap))
    const session = hub.openSession(user === null ? {} : { userId: user })
    const heard: unknown[] = []
    const messages: Message[] = []
    const listen = (message: Message): void => {
      heard.push(message.data)
      messages.push(message)
    }
    session.subscribe('**', listen, { own: true })
    return { name, tab: undefined, device, hub, session, heard, messages, errors, gaps, statuses }
  }
  const living = (): TabApp[] => apps.filter(({ tab, hub }) => hub.status.state !== 'closed' && (tab.state === 'visible' || tab.state === 'hidden'))
  onTestFinished(async () => {
    for (const { hub } of [...apps, ...observers]) void hub.close()
    // Longer than anything waits.
    await network.advance(200_000)
    const { connections, sessions, subscriptions, buffered } = network.relay.readings
    const { locks, requests, listeners, timers, channels } = browser.leaks()
    const left = Object.entries({ connections, sessions, subscriptions, buffered, locks, requests, listeners, timers, channels }).filter(([, count]) => count > 0)
    if (left.length > 0) throw new Error(`left behind: ${JSON.stringify(left)}`)
    const again = apps.flatMap(({ name, statuses }) => repeated(statuses).map(status => `${name} is told ${status} again`))
    if (again.length > 0) throw new Error(again.join('\n'))
  })
  return {
    network,
    browser,
    apps,
    living,
    open,
    async openAll(count, appOptions) {
      const opened = Array.from({ length: count }, () => open(appOptions))
      await network.advance(500)
      return opened
    },
    observer(user = 'olga') {
      const device = network.device(`observer ${user}`)
      const observer = start(device.name, device, user, clock, webSocket({ url, WebSocket: device.WebSocket, clock, random, token: user, page: null, locks: null, sessionStorage: null }))
      observers.push(observer)
      return observer
    },
    leader(version) {
      const leading = living().filter(app => app.hub.status.via === 'leader' && app.version === (version ?? app.version))
      if (leading.length !== 1) throw new Error(`${leading.length} tabs lead: ${JSON.stringify(living().map(({ hub }) => hub.status))}`)
      return leading[0] as TabApp
    },
    followers: () => living().filter(({ hub }) => hub.status.via === 'follower'),
    crash({ tab, device }) {
      tab.crash()
      device.end()
    },
    async reload({ tab, device, version }, appOptions) {
      const next = tab.reload()
      await network.settle()
      device.end()
      return open({ tab: next, version, ...appOptions })
    },
    hang({ tab, device }) {
      tab.freeze({ silent: true, deep: true })
      device.hold('down')
    },
    thaw({ tab, device }) {
      tab.resume()
      device.release('down')
    },
    advance: ms => network.advance(ms),
  }
}
