import type { BroadcastChannelLike, Cancel, EarshotError } from '@earshot/core'
import { promptly } from '../page/promptly.ts'
import type { WireHost } from '../relay/wire.ts'
import { Followers } from './followers.ts'
import { Mux, type MuxWire } from './mux.ts'
import { type LeadPost, leadPost, type Post, type UpLine } from './posts.ts'
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
  /** Who followed that one, and is followed by nobody else yet. */
  readonly others: readonly string[]
  gaveUp: (cause: EarshotError) => void
}

/** What the tab does that has the socket: all others speak through it. */
export class Leading implements Role {
  readonly via: 'leader' | 'own'
  readonly #tab: Tab
  readonly #mux: Mux
  readonly #followers: Followers
  /** Where a tab speaks to this one that has no channel with it yet. */
  readonly #door: BroadcastChannelLike | undefined
  /** What this tab itself said on a connection. */
  #join = 0
  #said = 0
  #isAnnouncing = false
  /** Followers that are to be told that this tab listens to them. */
  #tabs: string[]
  /** Nobody has looked at it for long, and nobody was asked to lead instead: whoever is looked at may. */
  #isUnseen = false
  #hidden: Cancel | undefined
  #hasEnded = false

  constructor(tab: Tab, { open, via, former, others, gaveUp }: LeadingOptions) {
    this.#tab = tab
    this.via = via
    const listen = (to: string): BroadcastChannelLike | undefined => tab.open(`:${tab.node}${to}`, post => this.#told(post))
    this.#door = listen('')
    this.#followers = new Followers(tab, node => listen(`:${node}`), node => this.#mux.left(node, true))
    this.#mux = new Mux(tab.node, open, {
      count: () => tab.life,
      local: (frame, size) => tab.host.take(frame, size, undefined),
      down: (node, join, n, items) => {
        const { life, welcome } = this.#mux
        // All that this tab is ever told so is to begin anew.
        if (node === tab.node) tab.move(life, welcome)
        else this.#followers.post(node, { t: 'down', f: tab.node, life, join, n, items })
      },
      taken: () => tab.host.taken(),
      changed: () => this.#changed(),
      gaveUp,
      report: error => tab.host.report(error),
    })
    this.#tabs = others.filter(node => node !== tab.node)
    for (const node of this.#tabs) this.#followers.met(node, false)
    if (former !== '') this.#followers.met(former, false)
  }

  connect(): void {
    this.#mind()
    this.#mux.connect()
  }

  take(post: Post): void {
    if (post.t === 'bye') this.#left(post.f)
    // Whoever asks all does not know who leads.
    else if (post.t === 'hi') this.#announce()
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
    this.#door?.close()
    this.#tab.post({ t: 'resign', f: this.#tab.node, tabs: this.#followers.nodes })
    this.#followers.clear()
    this.#mux.close()
  }

  /** A follower says something to this tab alone. */
  #told(post: Post): void {
    const { f } = post
    if (post.t === 'bye') this.#left(f)
    else if (post.t === 'hi') {
      this.#followers.met(f, post.visible)
      this.#followers.post(f, this.#lead)
      if (post.visible) this.#mux.retry()
      this.#handOver()
    } else if (post.t === 'up') {
      const { life, join, n, lines, read } = post
      const isCurrent = life === this.#mux.life
      if (isCurrent && life !== '') this.#mux.up(f, join, n, lines, read)
      if (!isCurrent || lines.length === 0) this.#followers.post(f, this.#lead)
    }
  }

  #left(node: string): void {
    this.#followers.left(node)
    this.#mux.left(node, false)
  }

  get #lead(): LeadPost {
    const { life, welcome, status } = this.#mux
    return leadPost(this.#tab.node, life, welcome, status)
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
      const tabs = this.#tabs
      this.#tabs = []
      if (!this.#hasEnded) this.#tab.post({ ...this.#lead, ...(tabs.length > 0 && { tabs }) })
    })
  }

  /** Looks after whether anybody looks at this tab. */
  #mind(): void {
    const { isVisible } = this.#tab
    this.#hidden?.()
    this.#hidden = undefined
    this.#isUnseen = false
    if (!isVisible) this.#wait()
  }

  #wait(): void {
    this.#hidden?.()
    // No time of day, which may be set meanwhile.
    this.#hidden = promptly(this.#tab.env.clock, HIDDEN_LIMIT, () => {
      this.#isUnseen = true
      this.#handOver()
    })
  }

  /** Asks a tab that is looked at to take the lead, if nobody has looked at this one for a while; and later, since that one may hang, another. */
  #handOver(): void {
    const to = this.#isUnseen ? this.#followers.nextVisible() : undefined
    if (to === undefined) return
    this.#tab.post({ t: 'heir', f: this.#tab.node, to })
    this.#isUnseen = false
    this.#wait()
  }
}
