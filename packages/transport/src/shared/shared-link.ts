import { type BroadcastChannelLike, EarshotError, type HubStatus, type PageEvent, randomId } from '@earshot/core'
import { type WelcomeFrame, writeJson } from '@earshot/core/protocol'
import type { FullEnvironment } from '../page/environment.ts'
import type { Leadership } from '../page/leadership.ts'
import { type Hold, holdLock } from '../page/locks.ts'
import { promptly } from '../page/promptly.ts'
import { FRAME_LIMIT, type SessionFrame, type Wire, type WireHost } from '../relay/wire.ts'
import { Following } from './following.ts'
import { Leading } from './leading.ts'
import { INDEX_ROOM, type MuxWire } from './mux.ts'
import { MAX_ITEMS, type Post, postedCause, posts, type UpLine } from './posts.ts'
import type { Role, Tab } from './tab.ts'

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

/** A tab's end of the socket that all tabs of a browser share: what its sessions say goes to the tab that leads, or straight to the relay as that tab is this one. */
export class SharedLink implements Wire, Tab {
  readonly env: FullEnvironment
  readonly host: WireHost
  readonly #options: SharedOptions
  readonly #pageListeners: readonly [PageEvent, () => void][]
  readonly #following: Following
  #role: Role
  #channel: BroadcastChannelLike | undefined
  #lock: Hold | undefined
  #isHere = false
  #isEntered = false
  #isClosed = false
  #lines: UpLine[] | undefined
  /** What the host was told last of the connection. */
  #said = ''
  node = ''
  connection = ''
  join = 0
  frameLimit: number = FRAME_LIMIT - INDEX_ROOM
  window = 1
  life = 0

  constructor(env: FullEnvironment, options: SharedOptions, host: WireHost) {
    this.env = env
    this.host = host
    this.#options = options
    this.#following = new Following(this, { steal: () => options.leadership.contend(true), gaveUp: cause => this.#over(cause) })
    this.#role = this.#following
    const leave = (): void => this.#leave()
    const back = (): void => this.connect()
    this.#pageListeners = [
      ['online', () => this.#role.online()],
      ['visibilitychange', () => this.#isHere && this.#role.seen()],
      ['pageshow', back],
      ['resume', back],
      ['pagehide', leave],
      ['freeze', leave],
    ]
    for (const [event, listener] of this.#pageListeners) env.page?.addEventListener(event, listener, true)
  }

  get isOpen(): boolean {
    return this.connection !== ''
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get isVisible(): boolean {
    return this.env.page === null || this.env.page.document.visibilityState === 'visible'
  }

  connect(): void {
    const { locks, random } = this.env
    if (this.#isHere || this.#isClosed || !locks) return
    const node = randomId(random)
    this.node = node
    this.#isHere = true
    this.status({ state: 'connecting' })
    this.#lock = holdLock(locks, this.lockOf(node), {})
    // Others wait for this lock as soon as they know of this tab, so that it hears and says nothing before it is held. Where it is denied, the request for the lead will tell.
    void this.#lock.granted
      .catch(() => {})
      .then(() => {
        if (this.#isHere && this.node === node) this.#enter()
      })
  }

  /** Locks are denied here: nobody can tell who leads, so that each tab speaks for itself. */
  alone(): void {
    if (!this.#isHere || this.#role !== this.#following) return
    // What becomes of its socket is nothing to those who share one.
    this.#channel?.close()
    this.#channel = undefined
    this.#lead('own')
  }

  get isAlone(): boolean {
    return this.#role.via === 'own'
  }

  say(frame: SessionFrame): void {
    const { t, s, ...rest } = frame
    // The leader reads the first two fields only.
    this.write(writeJson({ t, s, ...rest, ...(t === 'attach' && { user: this.#options.user, tab: this.node }) }))
  }

  write(line: string, volatile = false): void {
    if (this.#lines && this.#lines.length < MAX_ITEMS) return void this.#lines.push([line, volatile])
    if (this.#lines && volatile) return
    this.#flush()
    this.#lines = [[line, volatile]]
    queueMicrotask(() => this.#flush())
  }

  close(): void {
    if (this.#isClosed) return
    this.#finish()
    this.#depart()
    this.#options.leadership.close()
  }

  // What its role needs.

  lockOf(node: string): string {
    return `${this.#options.base}:tab:${node}`
  }

  post(post: Post): void {
    this.#channel?.postMessage(post)
  }

  open(name: string, take: (post: Post) => void = () => {}): BroadcastChannelLike | undefined {
    const { BroadcastChannel } = this.env
    const channel = BroadcastChannel ? new BroadcastChannel(this.#options.base + name) : undefined
    if (channel) channel.onmessage = ({ data }) => this.#received(data, take)
    return channel
  }

  status(status: HubStatus): void {
    const own = { ...status, via: this.#role.via }
    // A leader says again what is as it was, to whoever did not hear it. Of an error this is code and text.
    const said = JSON.stringify(own)
    if (said === this.#said) return
    this.#said = said
    this.host.status(own)
  }

  move(connection: string, welcome: WelcomeFrame | undefined): void {
    if (this.isOpen) {
      this.connection = ''
      this.#lines = undefined
      this.host.cut()
    }
    if (!welcome) return
    this.connection = connection
    this.join++
    this.life++
    this.frameLimit = welcome.frame - INDEX_ROOM
    this.window = welcome.window
    this.host.welcomed(welcome)
  }

  // Coming and going.

  #enter(): void {
    const { leadership } = this.#options
    this.#channel = this.open('', post => this.#role.take(post))
    this.#following.start()
    if (!this.#isEntered) {
      this.#isEntered = true
      leadership.add(() => {
        this.#lead('leader')
        return () => this.#demote()
      })
    }
    leadership.contend()
  }

  /** The page leaves or freezes. */
  #leave(): void {
    if (!this.#isHere) return
    this.host.leaving()
    this.#depart()
  }

  /** Says what is still to be said, and lets everything go. */
  #depart(): void {
    if (!this.#isHere) return
    this.#flush()
    this.#isHere = false
    this.#options.leadership.leave()
    this.#demote()
    this.#following.bye()
    this.#following.end()
    this.#lock?.release()
    this.#channel?.close()
    this.#channel = undefined
  }

  #lead(via: 'leader' | 'own'): void {
    this.#following.end()
    const { former, others } = this.#following
    const leading = new Leading(this, { open: this.#options.open, via, former, others, gaveUp: cause => this.#refused(cause) })
    this.#role = leading
    leading.connect()
  }

  /** The lead is given up, or was taken away. */
  #demote(): void {
    if (this.#role === this.#following) return
    this.#role.end()
    this.#role = this.#following
    this.move('', undefined)
    if (this.#isHere && !this.#isClosed) this.#following.orphaned()
  }

  #received(data: unknown, take: (post: Post) => void): void {
    const post = posts.read(data)
    if (!post) return this.host.report(new EarshotError('protocol-violation', 'Something was posted to the tabs of this app that is no post of theirs'))
    if (post.f !== this.node && !this.isAlone) take(post)
  }

  #flush(): void {
    const lines = this.#lines
    this.#lines = undefined
    if (lines && this.isOpen) this.#role.send(lines)
  }

  // The end.

  /** No further connection will be made. */
  #finish(): void {
    this.#isClosed = true
    for (const [event, listener] of this.#pageListeners) this.env.page?.removeEventListener(event, listener, true)
  }

  /** The relay has refused this tab's connection, and with it all tabs, unless they may have another token. */
  #refused(cause: EarshotError): void {
    const isForAll = cause.code !== 'unauthorized'
    if (isForAll) this.post({ t: 'over', f: this.node, cause: postedCause(cause) })
    this.#finish()
    this.host.gaveUp(cause)
    promptly(this.env.clock, isForAll ? REFUSED_DELAY : 0, () => {
      this.#depart()
      this.#options.leadership.close()
    })
  }

  /** The leader says that the relay has refused all tabs. */
  #over(cause: EarshotError): void {
    if (this.#isClosed) return
    this.#finish()
    this.#depart()
    this.#options.leadership.close()
    this.status({ state: 'disconnected', cause })
    this.host.gaveUp(cause)
  }
}
