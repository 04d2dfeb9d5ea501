import type { Cancel } from '@earshot/core'
import type { FullEnvironment } from '../page/environment.ts'
import { watchLock } from '../page/lifeline.ts'
import { promptly } from '../page/promptly.ts'

/** A freed lock may overtake the goodbye: for this long one is waited for. */
const GOODBYE_DELAY = 100
/** Tabs that are watched, at most: others are believed until the relay misses them. */
const MAX_TABS = 500

interface Follower {
  visible: boolean
  stop: Cancel
}

/** The tabs that a leader speaks for: whether they are looked at, and when one of them crashes. */
export class Followers {
  readonly #env: FullEnvironment
  readonly #lockOf: (node: string) => string
  readonly #crashed: (node: string) => void
  readonly #tabs = new Map<string, Follower>()

  constructor(env: FullEnvironment, lockOf: (node: string) => string, crashed: (node: string) => void) {
    this.#env = env
    this.#lockOf = lockOf
    this.#crashed = crashed
  }

  /** A tab that is looked at, if there is one. */
  get visible(): string | undefined {
    for (const [node, { visible }] of this.#tabs) if (visible) return node
    return undefined
  }

  /** It has said something: nobody looks at it, as far as is known. */
  heard(node: string): void {
    if (!this.#tabs.has(node)) this.met(node, false)
  }

  met(node: string, visible: boolean): void {
    const known = this.#tabs.get(node)
    if (known) known.visible = visible
    else if (this.#tabs.size < MAX_TABS) this.#tabs.set(node, { visible, stop: this.#watch(node) })
  }

  left(node: string): void {
    this.#tabs.get(node)?.stop()
    this.#tabs.delete(node)
  }

  clear(): void {
    for (const node of [...this.#tabs.keys()]) this.left(node)
  }

  #watch(node: string): Cancel {
    const { locks, clock } = this.#env
    if (!locks) return () => {}
    let stop = watchLock(locks, this.#lockOf(node), () => {
      stop = promptly(clock, GOODBYE_DELAY, () => {
        this.#tabs.delete(node)
        this.#crashed(node)
      })
    })
    return () => stop()
  }
}
