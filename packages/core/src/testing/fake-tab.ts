import type { Clock } from '../base/clock.ts'
import type { Environment } from '../base/environment.ts'
import type { Engine } from './engine.ts'
import { FakeAgent } from './fake-agent.ts'
import { fakeBroadcastChannel, type FakeChannels } from './fake-broadcast-channel.ts'
import type { FakeLockManager } from './fake-lock-manager.ts'
import { deniedLocks, fakeLocks } from './fake-locks.ts'
import { FakePage } from './fake-page.ts'
import { fakeStorage } from './fake-storage.ts'
import { FakeTimers } from './fake-timers.ts'
import type { LeakCounts, LocksOption, TestTab } from './test-tab.ts'

/** What a tab needs of its browser. */
export interface TabWorld {
  readonly clock: Clock
  readonly engine: Engine
  readonly channels: FakeChannels
  readonly locks: FakeLockManager
  readonly grantDelay: (agent: FakeAgent) => number
  /** Opens another tab of this browser. */
  readonly open: (options: FakeTabOptions) => TestTab
}

/** What a tab begins with. */
export interface FakeTabOptions {
  readonly visible: boolean
  readonly locks: LocksOption
  /** To how many milliseconds the timers of a hidden page are aligned; 0 is not at all. */
  readonly throttle: number
  readonly storage: Map<string, string>
}

/** The parts of one page, from its opening to its end. */
export class FakeTab {
  readonly id: string
  readonly agent: FakeAgent
  readonly page: FakePage
  readonly timers: FakeTimers
  readonly options: FakeTabOptions
  readonly env: Required<Environment>
  readonly #world: TabWorld

  constructor(id: string, world: TabWorld, options: FakeTabOptions, random: () => number) {
    const { clock, channels } = world
    this.id = id
    this.options = options
    this.#world = world
    this.agent = new FakeAgent(id, clock, () => this.destroy())
    this.page = new FakePage(this.agent, options.visible, error => this.#report(error))
    this.timers = new FakeTimers(clock, this.agent, () => (this.page.visible ? 0 : options.throttle))
    this.env = {
      clock: this.timers,
      random,
      BroadcastChannel: fakeBroadcastChannel(this.agent, channels),
      locks: locksOf(world, this.agent, options.locks),
      sessionStorage: fakeStorage(options.storage, this.agent),
      page: this.page,
    }
  }

  /** Whether the page has something that other tabs may wait for. */
  get isBusy(): boolean {
    const { held, pending } = this.#world.locks.count(this.agent)
    return held + pending + this.#world.channels.count(this.agent) > 0
  }

  /** Ends the page at once, with all that it had. */
  destroy(): void {
    if (this.agent.state === 'dead') return
    this.agent.change('dead')
    this.timers.clear()
    this.page.clear()
    this.#world.channels.closeAll(this.agent)
    this.#world.locks.free(this.agent)
  }

  /** Ends the page in a task of its own, so that the microtasks of its last listeners can still send. */
  unload(): void {
    this.page.dispatch('pagehide', { persisted: false })
    this.setVisible(false)
    this.agent.change('unloading')
    this.timers.update()
    this.#world.clock.after(0, () => this.destroy())
  }

  setVisible(visible: boolean): void {
    if (!this.page.setVisible(visible)) return
    if (this.options.throttle > 0) this.timers.update()
    this.page.dispatch('visibilitychange')
  }

  leaks(): LeakCounts {
    const { held, pending } = this.#world.locks.count(this.agent)
    return { channels: this.#world.channels.count(this.agent), locks: held, requests: pending, listeners: this.page.listeners, timers: this.timers.size }
  }

  #report(error: unknown): void {
    this.#world.clock.after(0, () => {
      throw error
    })
  }
}

function locksOf({ clock, locks, grantDelay }: TabWorld, agent: FakeAgent, option: LocksOption): Required<Environment>['locks'] {
  if (option === false) return null
  if (option === 'denied') return deniedLocks()
  return fakeLocks({ agent, clock, manager: locks, grantDelay: () => grantDelay(agent), isQueryDenied: option === 'no-query' })
}
