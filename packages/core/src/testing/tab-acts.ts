import type { Environment } from '../base/environment.ts'
import type { Engine } from './engine.ts'
import type { FakeTab, TabWorld } from './fake-tab.ts'
import type { BackResult, FreezeOptions, LeakCounts, TestTab, TestTabState } from './test-tab.ts'

/** What a test does to a page, as a tab. */
export function testTab(page: FakeTab, world: TabWorld): TestTab {
  return new Acts(page, world)
}

class Acts implements TestTab {
  readonly id: string
  readonly env: Required<Environment>
  readonly #page: FakeTab
  readonly #world: TabWorld
  readonly #engine: Engine
  /** Whether the page was shown before it was frozen, left or reloaded. */
  #wasVisible = false
  #isTold = false
  #hasLeft = false
  #isReplaced = false

  constructor(page: FakeTab, world: TabWorld) {
    this.id = page.id
    this.env = page.env
    this.#page = page
    this.#world = world
    this.#engine = world.engine
  }

  get state(): TestTabState {
    const { agent, page } = this.#page
    if (agent.isEnding) return 'gone'
    if (agent.state === 'cached' || agent.state === 'entering') return 'cached'
    if (!agent.isRunning) return 'frozen'
    return page.visible ? 'visible' : 'hidden'
  }

  leaks(): LeakCounts {
    return this.#page.leaks()
  }

  crash(): void {
    this.#remember()
    this.#page.destroy()
  }

  close(): void {
    this.#remember()
    if (this.#page.agent.isRunning) this.#page.unload()
    else if (this.state !== 'gone') this.#page.destroy()
  }

  navigate(): void {
    this.#expectRunning('navigate')
    this.#hasLeft = true
    this.close()
  }

  reload(): TestTab {
    this.close()
    return this.#replace()
  }

  duplicate(): TestTab {
    if (this.state === 'gone') throw this.#refusal('duplicate')
    return this.#world.open({ ...this.#page.options, visible: true, storage: new Map(this.#page.options.storage) })
  }

  next(): TestTab {
    if (!this.#hasLeft) throw this.#refusal('show another page')
    return this.#world.open({ ...this.#page.options, visible: true })
  }

  hide(): void {
    this.#expectRunning('hide')
    this.#page.setVisible(false)
  }

  show(): void {
    this.#expectRunning('show')
    this.#page.setVisible(true)
  }

  freeze(options: FreezeOptions = {}): void {
    const { deep = this.#engine !== 'chromium', silent = this.#engine !== 'chromium' } = options
    this.#expectRunning('freeze')
    this.#remember()
    this.#isTold = !silent
    if (!silent) {
      this.#page.setVisible(false)
      this.#page.page.dispatch('freeze')
    }
    this.#page.agent.change(deep ? 'asleep' : 'frozen')
    this.#page.timers.update()
  }

  resume(): void {
    if (this.state !== 'frozen') throw this.#refusal('resume')
    this.#wake(this.#isTold)
  }

  bfcache(): void {
    this.#expectRunning('enter the back/forward cache')
    this.#remember()
    this.#hasLeft = true
    if (this.#engine === 'firefox' && this.#page.isBusy) return this.#page.unload()
    this.#page.page.dispatch('pagehide', { persisted: true })
    this.#page.setVisible(false)
    if (this.#engine === 'chromium') this.#page.page.dispatch('freeze')
    this.#page.agent.change('entering')
    this.#page.timers.update()
    this.#world.clock.after(0, () => this.#enterCache())
  }

  back(): BackResult {
    if (!this.#hasLeft) throw this.#refusal('go back')
    this.#enterCache()
    if (this.state !== 'cached') return { restored: false, tab: this.#replace() }
    this.#hasLeft = false
    this.#wake(this.#engine === 'chromium')
    this.#page.page.dispatch('pageshow', { persisted: true })
    return { restored: true, tab: this }
  }

  online(): void {
    this.#expectRunning('hear that it is online')
    this.#page.page.dispatch('online')
  }

  #enterCache(): void {
    const { agent } = this.#page
    if (agent.state !== 'entering') return
    if (this.#engine === 'firefox' && this.#page.isBusy) return this.#page.destroy()
    agent.change('cached')
    if (this.#engine === 'webkit') this.#world.locks.free(agent, true)
  }

  #wake(isTold: boolean): void {
    this.#page.agent.change('running')
    this.#page.timers.update()
    if (isTold) this.#page.page.dispatch('resume')
    this.#page.setVisible(this.#wasVisible)
  }

  #replace(): TestTab {
    if (this.#isReplaced) throw new Error(`${this.id} was already replaced by the page that was loaded anew.`)
    this.#isReplaced = true
    return this.#world.open({ ...this.#page.options, visible: this.#wasVisible })
  }

  #remember(): void {
    if (this.#page.agent.isRunning) this.#wasVisible = this.#page.page.visible
  }

  #expectRunning(act: string): void {
    if (!this.#page.agent.isRunning) throw this.#refusal(act)
  }

  #refusal(act: string): Error {
    return new Error(`${this.id} is ${this.state}: it cannot ${act} now.`)
  }
}
