import type { Cancel, EarshotError } from '@earshot/core'
import { relayFrames, type WelcomeFrame } from '@earshot/core/protocol'
import { watchLock } from '../page/lifeline.ts'
import { withIndexes } from './mux.ts'
import { type DownItem, type LeadPost, type Post, revivedCause, revivedStatus, type UpLine } from './posts.ts'
import type { Role, Tab } from './tab.ts'
import { Watchdog } from './watchdog.ts'

/** What a follower is made of. */
export interface FollowingOptions {
  /** Takes the lead, whoever has it. */
  steal(): void
  /** The relay has refused all tabs, for good. */
  gaveUp(cause: EarshotError): void
}

/** What a tab does that speaks through another one. */
export class Following implements Role {
  readonly via = 'follower'
  readonly #tab: Tab
  readonly #options: FollowingOptions
  readonly #watchdog: Watchdog
  /** Who leads; `''`: nobody that this tab has heard of. */
  #leader = ''
  /** Who led last, and has not said that it does not any more. */
  former = ''
  #stopWatching: Cancel | undefined
  /** The number of the next frame from the leader. */
  #expected = 0
  /** Posts with frames that the leader was sent. */
  #said = 0
  #welcome: WelcomeFrame | undefined

  constructor(tab: Tab, options: FollowingOptions) {
    this.#tab = tab
    this.#options = options
    this.#watchdog = new Watchdog(tab.env, { ask: () => this.#ask(), steal: () => options.steal() })
  }

  /** Asks who leads, and whether it lives. */
  start(): void {
    this.#hi()
    this.#watchdog.said()
  }

  /** The tab has led until now: another one may have said already that it leads. */
  orphaned(): void {
    this.#lost()
    this.#hi()
  }

  take(post: Post): void {
    if (post.f === this.former && (post.t === 'bye' || post.t === 'resign')) this.former = ''
    if (post.t === 'lead') this.#follow(post)
    else if (post.t === 'heir' && post.to === this.#tab.node) this.#options.steal()
    else if (post.t === 'over' && (this.#leader === '' || post.f === this.#leader)) this.#options.gaveUp(revivedCause(post.cause))
    else if (post.f !== this.#leader) return
    else if (post.t === 'bye' || post.t === 'resign') this.#lost()
    else if (post.t === 'down' && post.life === this.#tab.connection) this.#down(post.items)
  }

  send(lines: readonly UpLine[]): void {
    const { node, connection, join } = this.#tab
    this.#tab.post({ t: 'up', f: node, life: connection, join, n: this.#said++, lines })
    this.#watchdog.said()
  }

  seen(): void {
    this.#hi()
    // Whether the leader lives was of no interest while nobody looked.
    if (!this.#tab.isVisible) return
    // Nor whether there is one.
    if (this.#leader === '') return this.#watchdog.orphaned()
    this.#ask()
    this.#watchdog.said()
  }

  online(): void {
    // The leader notices by itself.
  }

  end(): void {
    this.#forget()
    this.#watchdog.heard()
  }

  #follow(post: LeadPost): void {
    const { f, life, welcome } = post
    this.#watchdog.lives()
    if (f !== this.#leader) {
      this.#watchdog.heard()
      this.#forget()
      this.#leader = this.former = f
      const { locks } = this.#tab.env
      if (locks) this.#stopWatching = watchLock(locks, this.#tab.lockOf(f), () => this.#lost())
      // A hidden one is known by what it sends: a greeting of each would reach all others, just when all are busy.
      if (this.#tab.isVisible) this.#hi()
    }
    if (life !== this.#tab.connection) this.#join(life, welcome)
    this.#tab.status(revivedStatus(post))
    // It does not last: a leader that says nothing more may hang.
    if (post.state === 'connecting') this.#watchdog.said()
  }

  /** The leader is gone. Nobody is asked who leads now: that one will say so, and the question of each would reach all others. */
  #lost(): void {
    this.#forget()
    this.#tab.status({ state: 'connecting' })
    this.#watchdog.orphaned()
  }

  #join(connection: string, welcome: WelcomeFrame | undefined): void {
    this.#expected = this.#said = 0
    this.#welcome = welcome
    this.#tab.move(connection, welcome)
  }

  #down(items: readonly DownItem[]): void {
    const { node, join, host } = this.#tab
    for (const [targets, line] of items) {
      const target = targets.find(each => each[0] === node && each[1] === join)
      if (!target) continue
      this.#watchdog.heard()
      const [, , n, sessions] = target
      // Something was lost on the way: only a new beginning tells what.
      if (n !== this.#expected) return this.#join(this.#tab.connection, this.#welcome)
      // Nothing but the number of the next.
      if (line === '') continue
      this.#expected++
      const frame = relayFrames.readLine(line)
      if (frame && 's' in frame) host.take(withIndexes(frame, sessions), line.length, undefined)
    }
    host.taken()
  }

  #forget(): void {
    this.#stopWatching?.()
    this.#stopWatching = undefined
    this.#leader = ''
    this.#join('', undefined)
  }

  #ask(): void {
    const { node, connection, join } = this.#tab
    this.#tab.post({ t: 'ask', f: node, life: connection, join, n: this.#said })
  }

  #hi(): void {
    const { node, isVisible } = this.#tab
    this.#tab.post({ t: 'hi', f: node, leader: this.#leader, visible: isVisible })
  }
}
