import { type BroadcastChannelLike, type Cancel, EarshotError, type PageEvent, type PageEventLike, randomId } from '@earshot/core'
import { relayFrames, type WelcomeFrame } from '@earshot/core/protocol'
import type { FullEnvironment } from '../page/environment.ts'
import type { Leadership } from '../page/leadership.ts'
import { watchLock } from '../page/lifeline.ts'
import { type Hold, holdLock } from '../page/locks.ts'
import { FRAME_LIMIT, type SessionFrame, type Wire, type WireHost } from '../relay/wire.ts'
import { Followers } from './followers.ts'
import { INDEX_ROOM, Mux, type MuxWire, withIndexes } from './mux.ts'
import { type DownItem, type LeadPost, leadPost, type Post, postedCause, posts, revivedCause, revivedStatus, type UpLine } from './posts.ts'
import { Watchdog } from './watchdog.ts'

/** A leader that is hidden for so long, in milliseconds, hands over to a tab that is looked at. */
const HIDDEN_LIMIT = 10_000
/** The lead is kept for so long after the relay has refused, so that others hear of that instead of trying the same. */
const REFUSED_DELAY = 200

/** What the tabs of a browser share, and how they find one another. */
export interface SharedOptions {
  /** Begins the names of channel and locks: tabs with the same have one socket. */
  readonly base: string
  /** Whose sessions these are; `null`: nobody's in particular. */
  readonly user: string | null
  readonly leadership: Leadership
  /** Makes the one connection, for the tab that leads. */
  readonly open: (host: WireHost) => MuxWire
}

/** A tab's end of the socket that all tabs of a browser share: over the channel to the tab that leads, or straight into the multiplexer, as that tab is this one. */
export class SharedLink implements Wire {
  readonly #env: FullEnvironment
  readonly #options: SharedOptions
  readonly #host: WireHost
  readonly #followers: Followers
  readonly #watchdog: Watchdog
  readonly #pageListeners: readonly [PageEvent, (event: PageEventLike) => void][]
  /** This tab's name; another one after each absence. */
  #node = ''
  #lock: Hold | undefined
  #channel: BroadcastChannelLike | undefined
  #stopLeading: Cancel | undefined
  /** While this tab leads. */
  #mux: Mux | undefined
  /** Who leads, as far as this tab knows, while it does not itself. */
  #leader = ''
  #stopWatching: Cancel | undefined
  /** The connection that this tab's sessions are on; `''`: none. */
  #connection = ''
  /** Counts this tab's beginnings on connections: what was meant for a former one is none of its business. */
  #join = 0
  /** The number of the next frame from the leader. */
  #expected = 0
  #welcome: WelcomeFrame | undefined
  #lines: UpLine[] | undefined
  #isAnnouncing = false
  #isHere = false
  #isClosed = false
  /** There are no locks to share by: the connection is this tab's own. */
  #isAlone = false
  /** Since when it leads unseen. */
  #hiddenSince = 0
  #hidden: Cancel | undefined
  frameLimit: number = FRAME_LIMIT - INDEX_ROOM
  window = 1
  life = 0

  constructor(env: FullEnvironment, options: SharedOptions, host: WireHost) {
    this.#env = env
    this.#options = options
    this.#host = host
    const lockOf = (node: string): string => this.#lockOf(node)
    this.#followers = new Followers(env, lockOf, node => this.#mux?.left(node, true))
    this.#watchdog = new Watchdog(env, { ask: () => this.#post({ t: 'ask', f: this.#node }), steal: () => options.leadership.contend(true) })
    const leave = ({ persisted }: PageEventLike): void => this.#leave(persisted === false)
    const back = (): void => this.connect()
    this.#pageListeners = [
      ['online', () => this.#mux?.retry()],
      ['visibilitychange', () => this.#seen()],
      ['pageshow', back],
      ['resume', back],
      ['pagehide', leave],
      ['freeze', leave],
    ]
    for (const [event, listener] of this.#pageListeners) env.page?.addEventListener(event, listener, true)
  }

  get isOpen(): boolean {
    return this.#connection !== ''
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  connect(): void {
    const { locks, random, BroadcastChannel } = this.#env
    if (this.#isHere || this.#isClosed || !locks || !BroadcastChannel) return
    const node = randomId(random)
    this.#node = node
    this.#isHere = true
    this.#isAlone = false
    this.#host.status({ state: 'connecting' })
    this.#channel = new BroadcastChannel(this.#options.base)
    this.#channel.onmessage = ({ data }) => this.#received(data)
    this.#lock = holdLock(locks, this.#lockOf(node), {})
    // Others wait for this lock as soon as they know of this tab: it has to be held by then. Where it is denied, the request for the lead will tell.
    void this.#lock.granted
      .catch(() => {})
      .then(() => {
        if (this.#isHere && this.#node === node) this.#enter()
      })
  }

  /** Locks are denied here: nobody can tell who leads, so that each tab speaks for itself. */
  alone(): void {
    if (!this.#isHere || this.#mux) return
    this.#isAlone = true
    this.#lead()
  }

  say(frame: SessionFrame): void {
    const { t, s, ...rest } = frame
    // The multiplexer reads the first two fields only.
    this.write(JSON.stringify({ t, s, ...rest, ...(t === 'attach' && { user: this.#options.user }) }))
  }

  write(line: string, volatile = false): void {
    if (this.#lines) return void this.#lines.push([line, volatile])
    this.#lines = [[line, volatile]]
    queueMicrotask(() => this.#flush())
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const [event, listener] of this.#pageListeners) this.#env.page?.removeEventListener(event, listener, true)
    this.#depart()
    this.#options.leadership.close()
  }

  // Being one of the tabs.

  #enter(): void {
    const { leadership } = this.#options
    this.#hi()
    this.#stopLeading ??= leadership.add(() => {
      this.#lead()
      return () => this.#demote()
    })
    leadership.contend()
  }

  /** The page leaves or freezes. */
  #leave(isOver: boolean): void {
    if (!this.#isHere) return
    this.#host.leaving(isOver)
    this.#depart()
  }

  /** Says what is still to be said, and lets everything go. */
  #depart(): void {
    if (!this.#isHere) return
    this.#flush()
    this.#isHere = false
    this.#options.leadership.leave()
    this.#demote()
    this.#post({ t: 'bye', f: this.#node })
    this.#forgetLeader()
    this.#watchdog.heard()
    this.#lock?.release()
    this.#channel?.close()
    this.#channel = undefined
  }

  #seen(): void {
    if (this.#mux) {
      this.#mind()
      if (this.#isVisible) this.#mux.retry()
    } else if (this.#isHere) {
      this.#hi()
      if (this.#isVisible && this.#leader !== '') this.#ask()
    }
  }

  #received(data: unknown): void {
    const post = posts.read(data)
    if (!post) return this.#host.report(new EarshotError('protocol-violation', 'Something was posted to the tabs of this app that is no post of theirs'))
    if (post.f === this.#node || this.#isAlone) return
    if (this.#mux) this.#leads(this.#mux, post)
    else this.#follows(post)
  }

  #post(post: Post): void {
    this.#channel?.postMessage(post)
  }

  /** Whether the leader lives was of no interest while nobody looked. */
  #ask(): void {
    this.#post({ t: 'ask', f: this.#node })
    this.#watchdog.said()
  }

  #hi(): void {
    this.#post({ t: 'hi', f: this.#node, leader: this.#leader, visible: this.#isVisible })
  }

  #lockOf(node: string): string {
    return `${this.#options.base}:tab:${node}`
  }

  get #isVisible(): boolean {
    return this.#env.page === null || this.#env.page.document.visibilityState === 'visible'
  }

  // The connection, as the sessions of this tab have it.

  #open(connection: string, welcome: WelcomeFrame): void {
    this.#connection = connection
    this.#welcome = welcome
    this.#join++
    this.#expected = 0
    this.life++
    this.frameLimit = welcome.frame - INDEX_ROOM
    this.window = welcome.window
    this.#host.welcomed(welcome)
  }

  #cut(): void {
    if (this.#connection === '') return
    this.#connection = ''
    this.#lines = undefined
    this.#host.cut()
  }

  #flush(): void {
    const lines = this.#lines
    this.#lines = undefined
    if (!lines || this.#connection === '') return
    if (this.#mux) return this.#mux.up(this.#node, this.#join, lines)
    this.#post({ t: 'up', f: this.#node, life: this.#connection, join: this.#join, lines })
    this.#watchdog.said()
  }

  /** The relay has refused for good. */
  #gaveUp(cause: EarshotError): void {
    this.#isClosed = true
    for (const [event, listener] of this.#pageListeners) this.#env.page?.removeEventListener(event, listener, true)
    this.#cut()
    this.#host.gaveUp(cause)
  }

  // Leading.

  #lead(): void {
    this.#forgetLeader()
    this.#watchdog.heard()
    const mux = new Mux(this.#node, this.#options.open, {
      local: (frame, size, line) => this.#host.take(frame, size, line),
      taken: items => this.#taken(mux, items),
      changed: () => this.#changed(mux),
      gaveUp: cause => this.#refused(cause),
      report: error => this.#host.report(error),
    })
    this.#mux = mux
    this.#mind()
    mux.connect()
  }

  /** The lead is given up, or was taken away. */
  #demote(): void {
    const mux = this.#mux
    if (!mux) return
    this.#mux = undefined
    mux.close()
    this.#cut()
    this.#followers.clear()
    this.#hidden?.()
    this.#post({ t: 'resign', f: this.#node })
    this.#orphaned()
  }

  #leads(mux: Mux, post: Post): void {
    if (post.t === 'bye') {
      this.#followers.left(post.f)
      mux.left(post.f, false)
    } else if (post.t === 'hi') {
      this.#followers.met(post.f, post.visible)
      if (post.visible) mux.retry()
      if (post.leader !== this.#node) this.#announce()
      this.#handOver()
    } else if (post.t === 'ask') this.#announce()
    else if (post.t === 'up' && post.life === mux.life) mux.up(post.f, post.join, post.lines)
  }

  #taken(mux: Mux, items: readonly DownItem[]): void {
    if (items.length > 0) this.#post({ t: 'down', f: this.#node, life: mux.life, items })
    this.#host.taken()
  }

  #changed({ life, welcome, status }: Mux): void {
    if (life !== this.#connection) {
      this.#cut()
      if (welcome) this.#open(life, welcome)
    }
    this.#host.status({ ...status, via: this.#isAlone ? 'own' : 'leader' })
    this.#announce()
  }

  /** Tells the others who leads, once for all that changes in this turn. */
  #announce(): void {
    if (this.#isAnnouncing) return
    this.#isAnnouncing = true
    queueMicrotask(() => {
      this.#isAnnouncing = false
      const mux = this.#mux
      if (mux && !this.#isClosed && !this.#isAlone) this.#post(leadPost(this.#node, mux.life, mux.welcome, mux.status))
    })
  }

  #refused(cause: EarshotError): void {
    this.#post({ t: 'over', f: this.#node, cause: postedCause(cause) })
    this.#gaveUp(cause)
    this.#env.clock.after(REFUSED_DELAY, () => {
      this.#depart()
      this.#options.leadership.close()
    })
  }

  /** Looks after whether this tab is looked at while it leads. */
  #mind(): void {
    this.#hidden?.()
    this.#hidden = undefined
    if (this.#isVisible) return
    this.#hiddenSince = this.#env.clock.now()
    this.#hidden = this.#env.clock.after(HIDDEN_LIMIT, () => this.#handOver())
  }

  /** Asks a tab that is looked at to take over, if this one is not and has not been for a while. */
  #handOver(): void {
    const { visible } = this.#followers
    if (this.#isVisible || visible === undefined || this.#env.clock.now() - this.#hiddenSince < HIDDEN_LIMIT) return
    this.#post({ t: 'heir', f: this.#node, to: visible })
  }

  // Following.

  #follows(post: Post): void {
    if (post.f === this.#leader) this.#watchdog.heard()
    if (post.t === 'lead') this.#follow(post)
    else if (post.t === 'heir' && post.to === this.#node) this.#options.leadership.contend(true)
    else if (post.t === 'over' && !this.#isClosed) this.#over(revivedCause(post.cause))
    else if (post.f !== this.#leader) return
    else if (post.t === 'bye' || post.t === 'resign') this.#orphaned()
    else if (post.t === 'down' && post.life === this.#connection) this.#take(post.items)
  }

  #follow(post: LeadPost): void {
    if (this.#isClosed) return
    const { f, life, welcome } = post
    this.#watchdog.heard()
    if (f !== this.#leader) {
      this.#forgetLeader()
      this.#leader = f
      const { locks } = this.#env
      if (locks) this.#stopWatching = watchLock(locks, this.#lockOf(f), () => this.#orphaned())
      this.#hi()
    }
    if (life !== this.#connection) {
      this.#cut()
      if (welcome) this.#open(life, welcome)
    }
    this.#host.status(revivedStatus(post))
  }

  #take(items: readonly DownItem[]): void {
    for (const [targets, line] of items) {
      const target = targets.find(([node, join]) => node === this.#node && join === this.#join)
      if (!target) continue
      const [, , n, sessions] = target
      // Something was lost on the way: only a new beginning tells what.
      if (n !== this.#expected) return this.#rejoin()
      this.#expected++
      const frame = relayFrames.readLine(line)
      if (frame && 's' in frame) this.#host.take(withIndexes(frame, sessions), line.length, line)
    }
    this.#host.taken()
  }

  #rejoin(): void {
    const connection = this.#connection
    const welcome = this.#welcome
    this.#cut()
    if (welcome) this.#open(connection, welcome)
  }

  /** The leader is gone: another one will say so. */
  #orphaned(): void {
    this.#forgetLeader()
    if (!this.#isHere || this.#isClosed) return
    this.#host.status({ state: 'connecting', via: 'follower' })
    this.#watchdog.orphaned()
    this.#hi()
  }

  #forgetLeader(): void {
    this.#cut()
    this.#leader = ''
    this.#stopWatching?.()
    this.#stopWatching = undefined
  }

  #over(cause: EarshotError): void {
    this.#gaveUp(cause)
    this.#depart()
    this.#options.leadership.close()
    this.#host.status({ state: 'disconnected', via: 'follower', cause })
  }
}
