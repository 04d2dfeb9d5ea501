import type { BroadcastChannelLike, Cancel, EarshotError } from '@earshot/core'
import { relayFrames, type WelcomeFrame } from '@earshot/core/protocol'
import { watchLock } from '../page/lifeline.ts'
import { withIndexes } from './mux.ts'
import { type DownItem, type LeadPost, type Post, revivedCause, revivedStatus, type UpLine, weightOf } from './posts.ts'
import type { Role, Tab } from './tab.ts'
import { Watchdog } from './watchdog.ts'

/** A follower says how far it has read after so much, by weight. */
const REPORT_WEIGHT = 500_000

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
  /** Who else followed it, as it said when it resigned. */
  others: readonly string[] = []
  #stopWatching: Cancel | undefined
  /** The channel that is this tab's and its leader's alone. */
  #pipe: BroadcastChannelLike | undefined
  /** The leader has answered there. */
  #isMet = false
  /** It was asked there, and has not answered yet. */
  #isAsked = false
  /** The number of the next post with frames from the leader. */
  #expected = 0
  /** Posts with frames that the leader was sent. */
  #said = 0
  /** Weight of what was read, and how much of it the leader knows of. */
  #read = 0
  #reported = 0
  #welcome: WelcomeFrame | undefined

  constructor(tab: Tab, options: FollowingOptions) {
    this.#tab = tab
    this.#options = options
    this.#watchdog = new Watchdog(tab, { ask: () => this.#ask(), steal: () => options.steal() })
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
    if (post.t === 'lead') this.#follow(post, false)
    else if (post.t === 'heir' && post.to === this.#tab.node) this.#options.steal()
    else if (post.t === 'over' && (this.#leader === '' || post.f === this.#leader)) this.#options.gaveUp(revivedCause(post.cause))
    else if ((post.t === 'bye' || post.t === 'resign') && post.f === this.#leader) {
      if (post.t === 'resign') this.others = post.tabs
      this.#lost()
    }
  }

  send(lines: readonly UpLine[]): void {
    this.#up(lines)
    this.#watchdog.said()
  }

  /** Says that it goes, after all that it has said. */
  bye(): void {
    this.#tell({ t: 'bye', f: this.#tab.node })
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
    this.#watchdog.stop()
  }

  #follow(post: LeadPost, isMet: boolean): void {
    const { f, life, welcome, tabs } = post
    this.#watchdog.lives()
    const isNew = f !== this.#leader
    if (isNew) {
      this.#watchdog.heard()
      this.#forget()
      this.#leader = this.former = f
      this.others = []
      const { locks } = this.#tab.env
      if (locks) this.#stopWatching = watchLock(locks, this.#tab.lockOf(f), () => this.#lost())
      this.#pipe = this.#tab.open(`:${f}:${this.#tab.node}`, each => this.#told(each))
    }
    this.#isMet ||= isMet || (tabs?.includes(this.#tab.node) ?? false)
    // A leader that knows the tab from the one before knows not that it is looked at.
    if (isNew ? !this.#isMet || this.#tab.isVisible : !this.#isMet && life !== '') this.#greet()
    // What is said before the leader listens is lost; it answers when it does.
    if (!this.#isMet && life !== '') return
    if (life !== this.#tab.connection) this.#join(life, welcome)
    this.#tab.status(revivedStatus(post))
    // It does not last: a leader that says nothing more may hang.
    if (post.state !== 'connected') this.#watchdog.said()
  }

  /** The leader is gone. Nobody is asked who leads now: that one will say so, and the question of each would reach all others. */
  #lost(): void {
    this.#forget()
    this.#tab.status({ state: 'connecting' })
    this.#watchdog.orphaned()
  }

  #join(connection: string, welcome: WelcomeFrame | undefined): void {
    this.#expected = this.#said = this.#read = this.#reported = 0
    this.#welcome = welcome
    this.#tab.move(connection, welcome)
  }

  /** The leader says something to this tab alone. */
  #told(post: Post): void {
    const { connection, join } = this.#tab
    this.#isAsked = false
    if (post.t === 'lead') this.#follow(post, true)
    else if (post.t === 'down' && post.life === connection && post.join === join) this.#down(post.n, post.items)
  }

  #down(n: number, items: readonly DownItem[]): void {
    this.#watchdog.heard()
    // Something was lost on the way: only a new beginning tells what.
    if (n !== this.#expected) return this.#join(this.#tab.connection, this.#welcome)
    // Nothing but the number of the next.
    if (items.length === 0) return
    this.#expected++
    const { host } = this.#tab
    for (const item of items) {
      const [sessions, line] = item
      this.#read += weightOf(item)
      const frame = relayFrames.readLine(line)
      if (frame && 's' in frame) host.take(withIndexes(frame, sessions), line.length, undefined)
    }
    host.taken()
    if (this.#read - this.#reported > REPORT_WEIGHT) this.#up([])
  }

  #up(lines: readonly UpLine[]): void {
    const { node, connection, join } = this.#tab
    this.#reported = this.#read
    this.#pipe?.postMessage({ t: 'up', f: node, life: connection, join, n: this.#said, read: this.#read, lines } satisfies Post)
    if (lines.length > 0) this.#said++
  }

  #forget(): void {
    this.#stopWatching?.()
    this.#stopWatching = undefined
    this.#pipe?.close()
    this.#pipe = undefined
    this.#isMet = false
    this.#leader = ''
    this.#join('', undefined)
  }

  #ask(): void {
    // Whoever does not answer may lead no more, or know nothing of this tab: all are asked.
    this.#isMet &&= !this.#isAsked
    this.#isAsked = this.#isMet
    if (this.#isMet) this.#up([])
    else this.#hi()
  }

  #hi(): void {
    this.#tell(this.#greeting)
  }

  /** Says it to the leader, if that listens, or else to all. */
  #tell(post: Post): void {
    if (this.#isMet) this.#pipe?.postMessage(post)
    else this.#tab.post(post)
  }

  /** Has the leader listen to this tab. Through its door, where only it listens: greetings of all tabs to all would come just when all are busy. */
  #greet(): void {
    const door = this.#tab.open(`:${this.#leader}`)
    door?.postMessage(this.#greeting)
    door?.close()
    this.#watchdog.said()
  }

  get #greeting(): Post {
    const { node, isVisible } = this.#tab
    return { t: 'hi', f: node, leader: this.#leader, visible: isVisible }
  }
}
