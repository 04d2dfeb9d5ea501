import type { PageEvent, PageEventLike, PageLike } from '../base/environment.ts'
import type { FakeAgent } from './fake-agent.ts'

type Listener = (event: PageEventLike) => void

/** A stand-in for `window` that knows visibility and the events of a page's life. */
export class FakePage implements PageLike {
  readonly document: { readonly visibilityState: string }
  readonly #agent: FakeAgent
  readonly #report: (error: unknown) => void
  readonly #listeners = new Map<PageEvent, Set<Listener>>()
  #visible: boolean

  constructor(agent: FakeAgent, visible: boolean, report: (error: unknown) => void) {
    this.#agent = agent
    this.#report = report
    this.#visible = visible
    const isVisible = (): boolean => this.#visible
    this.document = {
      get visibilityState() {
        return isVisible() ? 'visible' : 'hidden'
      },
    }
  }

  get visible(): boolean {
    return this.#visible
  }

  get listeners(): number {
    let count = 0
    for (const listeners of this.#listeners.values()) count += listeners.size
    return count
  }

  addEventListener(type: PageEvent, listener: Listener): void {
    if (!this.#agent.canAct) return
    const listeners = this.#listeners.get(type)
    if (listeners === undefined) this.#listeners.set(type, new Set([listener]))
    else listeners.add(listener)
  }

  removeEventListener(type: PageEvent, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener)
  }

  /** Calls the listeners; what one throws is reported and stops nothing. */
  dispatch(type: PageEvent, event: PageEventLike = {}): void {
    const listeners = this.#listeners.get(type)
    for (const listener of Array.from(listeners ?? [])) {
      try {
        if (listeners?.has(listener)) listener(event)
      } catch (error) {
        this.#report(error)
      }
    }
  }

  /** Changes visibility without an event; says whether it changed. */
  setVisible(visible: boolean): boolean {
    const changed = this.#visible !== visible
    this.#visible = visible
    return changed
  }

  clear(): void {
    this.#listeners.clear()
  }
}
