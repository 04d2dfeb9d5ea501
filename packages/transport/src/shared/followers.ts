import type { BroadcastChannelLike, Cancel } from '@earshot/core'
import { watchLock } from '../page/lifeline.ts'
import { promptly } from '../page/promptly.ts'
import type { Post } from './posts.ts'
import type { Tab } from './tab.ts'

/** A freed lock may overtake the goodbye: for this long one is waited for. */
const GOODBYE_DELAY = 100

interface Follower {
  visible: boolean
  readonly pipe: BroadcastChannelLike | undefined
  stop: Cancel
}

/** The tabs that a leader speaks for: whether they are looked at, and when one of them crashes. */
export class Followers {
  readonly #tab: Pick<Tab, 'env' | 'lockOf'>
  readonly #open: (node: string) => BroadcastChannelLike | undefined
  readonly #crashed: (node: string) => void
  readonly #tabs = new Map<string, Follower>()

  /** @param open makes the channel that is a tab's and its leader's alone */
  constructor(tab: Pick<Tab, 'env' | 'lockOf'>, open: (node: string) => BroadcastChannelLike | undefined, crashed: (node: string) => void) {
    this.#tab = tab
    this.#open = open
    this.#crashed = crashed
  }

  get nodes(): string[] {
    return [...this.#tabs.keys()]
  }

  /** A tab that is looked at, if there is one: each in its turn. */
  nextVisible(): string | undefined {
    for (const [node, tab] of this.#tabs) {
      if (!tab.visible) continue
      this.#tabs.delete(node)
      this.#tabs.set(node, tab)
      return node
    }
    return undefined
  }

  met(node: string, visible: boolean): void {
    const known = this.#tabs.get(node)
    if (known) known.visible = visible
    else this.#tabs.set(node, { visible, pipe: this.#open(node), stop: this.#watch(node) })
  }

  /** Says something to this tab alone. */
  post(node: string, post: Post): void {
    this.#tabs.get(node)?.pipe?.postMessage(post)
  }

  left(node: string): void {
    const tab = this.#tabs.get(node)
    tab?.stop()
    tab?.pipe?.close()
    this.#tabs.delete(node)
  }

  clear(): void {
    for (const node of this.nodes) this.left(node)
  }

  #watch(node: string): Cancel {
    const { locks, clock } = this.#tab.env
    if (!locks) return () => {}
    let stop = watchLock(locks, this.#tab.lockOf(node), () => {
      stop = promptly(clock, GOODBYE_DELAY, () => {
        this.left(node)
        this.#crashed(node)
      })
    })
    return () => stop()
  }
}
