import { createHub, type Hub, type HubStatus, type Message, type Session } from '@earshot/core'
import { createTestBrowser, type TestBrowser, type TestBrowserOptions, type TestTab, type TestTabOptions } from '@earshot/core/testing'
import { createTestNetwork, type TestDevice, type TestNetwork, type TestNetworkOptions } from '@earshot/server/testing'
import { sharedWebSocket, type SharedWebSocketOptions } from '@earshot/transport'
import { onTestFinished } from 'vitest'

/** A tab that runs the app. */
interface App {
  readonly tab: TestTab
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

/** How an app is started. */
interface AppOptions extends TestTabOptions {
  readonly user?: string | null
  readonly tab?: TestTab
  /** What it listens to. @default '**' */
  readonly pattern?: string
  readonly transport?: Partial<SharedWebSocketOptions>
}

/** One browser, a relay, and what tests ask of both. */
export interface Computer {
  readonly network: TestNetwork
  readonly browser: TestBrowser
  readonly apps: App[]
  /** Starts the app in another tab, or in the one given. */
  open(options?: AppOptions): App
  /** Starts so many, and lets them connect. */
  openAll(count: number): Promise<App[]>
  /** The one tab that has the socket. */
  leader(): App
  followers(): App[]
  advance(ms: number): Promise<void>
}

export interface ComputerOptions extends TestNetworkOptions {
  readonly browser?: TestBrowserOptions
}

/** Starts a relay and a browser for one test; when that ends, nothing may be left of it. */
export function startComputer({ browser: browserOptions = {}, ...options }: ComputerOptions = {}): Computer {
  const network = createTestNetwork({ latency: 5, relay: { authenticate: (_, token) => ({ userId: token ?? null }) }, ...options })
  const { clock, random, url } = network
  const browser = createTestBrowser({ clock, random, latency: 1, ...browserOptions })
  const apps: App[] = []
  const open = ({ user = 'ada', tab, pattern = '**', transport = {}, ...tabOptions }: AppOptions = {}): App => {
    const own = tab ?? browser.openTab(tabOptions)
    const device = network.device(`tab ${apps.length}`)
    const app: App = {
      tab: own,
      device,
      hub: createHub({
        transport: sharedWebSocket({ ...own.env, url, WebSocket: device.WebSocket, clock, random, user, ...(user !== null && { token: user }), ...transport }),
        clock,
        random,
        onError: error => void app.errors.push(`${error.code}: ${error.message}`),
      }),
      get session() {
        return session
      },
      heard: [],
      messages: [],
      errors: [],
      gaps: [],
      statuses: [],
    }
    app.hub.on('status', status => void app.statuses.push(status))
    app.hub.on('gap', gap => void app.gaps.push(gap))
    const session = app.hub.openSession(user === null ? {} : { userId: user })
    session.subscribe(pattern, message => {
      app.heard.push(message.data)
      app.messages.push(message)
    }, { own: true })
    apps.push(app)
    return app
  }
  const living = (): App[] => apps.filter(({ tab, hub }) => hub.status.state !== 'closed' && (tab.state === 'visible' || tab.state === 'hidden'))
  onTestFinished(async () => {
    for (const { hub } of living()) await hub.close()
    await network.advance(1000)
  })
  return {
    network,
    browser,
    apps,
    open,
    async openAll(count) {
      const opened = Array.from({ length: count }, () => open())
      await network.advance(500)
      return opened
    },
    leader() {
      const leading = living().filter(({ hub }) => hub.status.via === 'leader')
      if (leading.length !== 1) throw new Error(`${leading.length} tabs lead: ${JSON.stringify(living().map(({ hub }) => hub.status))}`)
      return leading[0] as App
    },
    followers: () => living().filter(({ hub }) => hub.status.via === 'follower'),
    advance: ms => network.advance(ms),
  }
}
