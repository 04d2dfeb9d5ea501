import type { Cancel } from '../base/clock.ts'
import type { Engine } from './engine.ts'
import { FakeChannels, type DeliveryVerdict, type TestDelivery, type TestPost } from './fake-broadcast-channel.ts'
import { FakeLockManager } from './fake-lock-manager.ts'
import { FakeTab, type FakeTabOptions, type TabWorld } from './fake-tab.ts'
import { seededRandom } from './seeded-random.ts'
import { testTab } from './tab-acts.ts'
import { testClock, type TestClock } from './test-clock.ts'
import type { LeakCounts, LocksOption, TestTab } from './test-tab.ts'

/** How a test browser behaves. */
export interface TestBrowserOptions {
  /** Whose way with cached and frozen pages it follows. @default 'chromium' */
  readonly engine?: Engine
  /** Whether tabs have Web Locks. @default true */
  readonly locks?: LocksOption
  /** How many milliseconds a channel message takes. Messages from one tab to another stay in order. @default 0 */
  readonly latency?: number | (() => number)
  /** Lock grants, and messages of different tabs, overtake one another now and then. @default false */
  readonly reorderGrants?: boolean
  /** Aligns the timers of hidden tabs to this many milliseconds; `true` is 1000, and 60,000 Chromium's intensive mode. @default false */
  readonly throttle?: boolean | number
  /** Another seed gives other random numbers, the same at each run. @default 1 */
  readonly seed?: number
  /** Numbers in [0, 1) for all that is random. @default a generator with `seed` */
  readonly random?: () => number
  /** @default a new one */
  readonly clock?: TestClock
}

/** How a tab begins. */
export interface TestTabOptions {
  /** @default true */
  readonly visible?: boolean
  /** @default the browser's */
  readonly locks?: LocksOption
  /** @default the browser's */
  readonly throttle?: boolean | number
  /** What its session storage holds. @default {} */
  readonly sessionStorage?: Readonly<Record<string, string>>
}

/** What the tabs of a browser still have, together and each by its id. */
export interface BrowserLeaks extends LeakCounts {
  readonly tabs: ReadonlyMap<string, LeakCounts>
}

/** A browser for tests: tabs that share channels and locks, and whose time a test moves. */
export interface TestBrowser {
  readonly clock: TestClock
  /** The tabs whose pages are not gone, in the order of opening. */
  readonly tabs: readonly TestTab[]
  /** How many channel messages were posted. */
  readonly posts: number
  openTab(options?: TestTabOptions): TestTab
  /** Runs microtasks and all that is due now, until nothing is left, without moving time. Throws what page code has thrown. */
  settle(): Promise<void>
  /** Settles, moves time on by `ms` milliseconds while running what becomes due, and settles. */
  advance(ms: number): Promise<void>
  /** What tabs have open. All zero when everything was closed. */
  leaks(): BrowserLeaks
  /** Calls `listener` at each message posted on a channel. */
  onPost(listener: (post: TestPost) => void): Cancel
  /** Asks `decide` at each delivery, when it would arrive. */
  intercept(decide: (delivery: TestDelivery) => DeliveryVerdict): Cancel
}

/** Creates a browser for tests, without tabs. */
export function createTestBrowser(options: TestBrowserOptions = {}): TestBrowser {
  return new Browser(options)
}

class Browser implements TestBrowser {
  readonly clock: TestClock
  readonly #world: TabWorld
  readonly #defaults: Pick<FakeTabOptions, 'locks' | 'throttle'>
  readonly #random: () => number
  readonly #tabRandom: () => () => number
  readonly #tabs: TestTab[] = []
  #opened = 0

  constructor(options: TestBrowserOptions) {
    const { engine = 'chromium', reorderGrants = false, latency = 0, seed = 1, random = seededRandom(seed), clock = testClock() } = options
    const isOvertaken = (): boolean => reorderGrants && this.#random() < 0.5
    this.clock = clock
    this.#random = random
    this.#tabRandom = () => (options.random === undefined ? seededRandom(random() * 2 ** 32) : random)
    this.#defaults = { locks: options.locks ?? true, throttle: alignment(options.throttle) }
    const channels = new FakeChannels({ clock, engine, latency: typeof latency === 'number' ? () => latency : latency, isPostponed: isOvertaken })
    this.#world = {
      clock,
      engine,
      channels,
      locks: new FakeLockManager(clock),
      grantDelay: agent => (isOvertaken() ? 0 : channels.inFlight(agent)),
      open: tabOptions => this.#open(tabOptions),
    }
  }

  get tabs(): readonly TestTab[] {
    return this.#tabs.filter(tab => tab.state !== 'gone')
  }

  get posts(): number {
    return this.#world.channels.posts
  }

  openTab({ visible = true, locks, throttle, sessionStorage = {} }: TestTabOptions = {}): TestTab {
    return this.#open({
      visible,
      locks: locks ?? this.#defaults.locks,
      throttle: throttle === undefined ? this.#defaults.throttle : alignment(throttle),
      storage: new Map(Object.entries(sessionStorage)),
    })
  }

  settle(): Promise<void> {
    return this.clock.runDue()
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms)
  }

  leaks(): BrowserLeaks {
    const tabs = new Map(this.#tabs.map(tab => [tab.id, tab.leaks()]))
    const sum = { channels: 0, locks: 0, requests: 0, listeners: 0, timers: 0 }
    for (const counts of tabs.values()) {
      for (const key of Object.keys(sum) as (keyof LeakCounts)[]) sum[key] += counts[key]
    }
    return { ...sum, tabs }
  }

  onPost(listener: (post: TestPost) => void): Cancel {
    return this.#world.channels.onPost(listener)
  }

  intercept(decide: (delivery: TestDelivery) => DeliveryVerdict): Cancel {
    return this.#world.channels.intercept(decide)
  }

  #open(options: FakeTabOptions): TestTab {
    const page = new FakeTab(`tab-${++this.#opened}`, this.#world, options, this.#tabRandom())
    const tab = testTab(page, this.#world)
    this.#tabs.push(tab)
    return tab
  }
}

function alignment(throttle: boolean | number = false): number {
  return typeof throttle === 'number' ? throttle : throttle ? 1_000 : 0
}
