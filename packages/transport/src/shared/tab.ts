import type { BroadcastChannelLike, HubStatus } from '@earshot/core'
import type { WelcomeFrame } from '@earshot/core/protocol'
import type { FullEnvironment } from '../page/environment.ts'
import type { WireHost } from '../relay/wire.ts'
import type { Post, UpLine } from './posts.ts'

/** A tab, as its leading and its following need it. */
export interface Tab {
  readonly env: FullEnvironment
  readonly host: WireHost
  /** Its name; another one after each absence. */
  readonly node: string
  /** Somebody can look at it: its timers are on time. */
  readonly isVisible: boolean
  /** The connection that its sessions are on; `''`: none. */
  readonly connection: string
  /** Counts its beginnings on connections. */
  readonly join: number
  /** Counts them over all its absences. */
  readonly life: number
  lockOf(node: string): string
  /** Posts to all. */
  post(post: Post): void
  /** Opens a channel for some; `take` is told what others post there. */
  open(name: string, take?: (post: Post) => void): BroadcastChannelLike | undefined
  /** Its sessions are on this connection from now on, or on none. */
  move(connection: string, welcome: WelcomeFrame | undefined): void
  status(status: HubStatus): void
}

/** What a tab does as long as it leads, or follows. */
export interface Role {
  readonly via: 'leader' | 'follower' | 'own'
  /** Another tab has posted something to all. */
  take(post: Post): void
  /** Sends frames to the relay. */
  send(lines: readonly UpLine[]): void
  /** The page is shown or hidden. */
  seen(): void
  /** The network is back. */
  online(): void
  /** Ends; what was sent before is still sent. */
  end(): void
}
