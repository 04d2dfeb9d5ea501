import type { Cancel, EarshotError } from '@earshot/core'
import type { WireHost } from '../relay/wire.ts'
import { Followers } from './followers.ts'
import { Mux, type MuxWire } from './mux.ts'
import { type DownItem, leadPost, type Post, type UpLine } from './posts.ts'
import type { Role, Tab } from './tab.ts'

/** A leader that is hidden for so long, in milliseconds, hands over to a tab that is looked at. */
const HIDDEN_LIMIT = 10_000

/** What a leader is made of. */
export interface LeadingOptions {
  /** Makes the one connection. */
  readonly open: (host: WireHost) => MuxWire
  /** `own`: nobody follows, since there is no telling who leads. */
  readonly via: 'leader' | 'own'
  /** Who led before and may have crashed; `''`: nobody. */
  readonly former: string
  gaveUp: (cause: EarshotError) => void
}

/** What the tab does that has the socket: all others speak through it. */
export class Leading implements Role {
  readonly via: 'leader' | 'own'
  readonly #tab: Tab
  readonly #mux: Mux
  readonly #followers: Followers
  /** What this tab itself said on a connection. */
  #join = 0
  #said = 0
  #isAnnouncing = false
  /** Since when it leads unseen. */
  #hiddenSince = 0
  #hidden: Cancel | undefined
  #hasEnded = false

  constructor(tab: Tab, { open, via, former, gaveUp }: LeadingOptions) {
    this.#tab = tab
    this.via = via
    this.#followers = new Followers(tab.env, node => tab.lockOf(node), node => this.#mux.left(node, true))
    this.#mux = new Mux(tab.node, open, {
      count: () => tab.life,
      local: (frame, size) => tab.host.take(frame, size, undefined),
      taken: items => this.#taken(items),
      changed: () => this.#changed(),
      gaveUp,
      report: error => tab.host.report(error),
    })
    if (former !== '') this.#followers.met(former, false)
  }

  connect(): void {
    this.#mind()
    this.#mux.connect()
  }

  take(post: Post): void {
    const { f } = post
    if (post.t === 'bye') {
      this.#followers.left(f)
      this.#mux.left(f, false)
    } else if (post.t === 'hi') {
      this.#followers.met(f, post.visible)
      if (post.visible) this.#mux.retry()
      if (post.leader !== this.#tab.node) this.#announce()
      this.#handOver()
    } else if (post.t === 'ask' || post.t === 'up') {
      if (post.t === 'up') this.#followers.heard(f)
      const isCurrent = post.life === this.#mux.life
      if (isCurrent && post.life !== '') this.#mux.up(f, post.join, post.n, post.t === 'up' ? post.lines : [])
      if (!isCurrent || post.t === 'ask') this.#announce()
    }
  }

  send(lines: readonly UpLine[]): void {
    const { node, join } = this.#tab
    if (join !== this.#join) this.#said = 0
    this.#join = join
    this.#mux.up(node, join, this.#said++, lines)
  }

  seen(): void {
    this.#mind()
    if (this.#tab.isVisible) this.#mux.retry()
  }

  online(): void {
    this.#mux.retry()
  }

  end(): void {
    this.#hasEnded = true
    this.#hidden?.()
    this.#followers.clear()
    this.#mux.close()
    this.#tab.post({ t: 'resign', f: this.#tab.node })
  }

  #taken(items: readonly DownItem[]): void {
    if (items.length > 0) this.#tab.post({ t: 'down', f: this.#tab.node, life: this.#mux.life, items })
    this.#tab.host.taken()
  }

  #changed(): void {
    const { life, welcome, status } = this.#mux
    if (life !== this.#tab.connection) this.#tab.move(life, welcome)
    this.#tab.status(status)
    this.#announce()
  }

  /** Tells the others who leads, once for all that changes in this turn. */
  #announce(): void {
    if (this.#isAnnouncing) return
    this.#isAnnouncing = true
    queueMicrotask(() => {
      this.#isAnnouncing = false
      const { life, welcome, status } = this.#mux
      if (!this.#hasEnded) this.#tab.post(leadPost(this.#tab.node, life, welcome, status))
    })
  }

  /** Looks after whether anybody looks at this tab. */
  #mind(): void {
    const { isVisible, env } = this.#tab
    this.#hidden?.()
    this.#hidden = undefined
    if (isVisible) return
    this.#hiddenSince = env.clock.now()
    this.#hidden = env.clock.after(HIDDEN_LIMIT, () => this.#handOver())
  }

  /** Asks a tab that is looked at to take the lead, if nobody has looked at this one for a while. */
  #handOver(): void {
    const { isVisible, env, node } = this.#tab
    const { visible } = this.#followers
    if (isVisible || visible === undefined || env.clock.now() - this.#hiddenSince < HIDDEN_LIMIT) return
    this.#tab.post({ t: 'heir', f: node, to: visible })
  }
}
