import type { Clock, Cancel } from '../base/clock.ts'
import type { EarshotError } from '../base/errors.ts'
import type { Message } from '../base/message.ts'
import type { RemoteMessage } from '../delivery/message.ts'
import type { Member } from '../presence/roster.ts'

/** How far a hub reaches at the moment; one word and its reason. */
export interface HubStatus {
  readonly state: 'initialised' | 'connecting' | 'connected' | 'disconnected' | 'closed'
  /** How a socket is reached: through another tab or not. */
  readonly via?: 'leader' | 'follower' | 'own'
  /** Why it is not connected. */
  readonly cause?: EarshotError
  readonly attempt?: number
  /** Wall-clock milliseconds of the next attempt. */
  readonly retryAt?: number
}

/** What was lost, as far as it is known. */
export interface Gap {
  /** Topics or patterns that may have lost messages; `undefined`: any. */
  readonly topics?: readonly string[]
  /** The session or tab whose messages are missing. */
  readonly from?: string
}

/** What this environment allows, and why not. */
export interface Capabilities {
  readonly [name: string]: true | string
}

/** How a message is to be sent. */
export interface PublishOptions {
  /** Whether the publishing session hears it too. @default true */
  echo?: boolean
  /** Only sessions of these users hear it. */
  to?: string | readonly string[]
  /** Not kept, not acknowledged, may be skipped under pressure. @default false */
  volatile?: boolean
  /** Kept as the topic's value, apart from its history, where the transport makes that difference. */
  retain?: boolean
  /** Gives up waiting: the receipt rejects with `aborted`. If it has fired already, nothing is published. */
  signal?: AbortSignal
  /** Milliseconds to wait for acceptance: then the receipt rejects with `timeout`. @default none */
  timeout?: number
}

/** What a transport may ask for in `history`. */
export interface HistoryOptions {
  /** Messages at most. @default 100 */
  limit?: number
  /** Only what is older than this message. */
  before?: Message
  /** Only what is later than this position or message. */
  since?: Message | string
}

/** A part of the past: oldest first. `gap` says that something between is not kept any more; `more`, with `since`, that there is more after the last. */
export interface History {
  readonly messages: readonly RemoteMessage[]
  readonly gap: boolean
  readonly more?: boolean
}

/** A session as a transport sees it. */
export interface TransportSession {
  /** The id asked for, if one was. */
  readonly requestedId: string | undefined
  readonly userId: string | undefined
  /** Says under which id the session goes, and which life of it this is. May be called again with another id before anything was sent. */
  identify(id: string, incarnation: number): void
}

/** What a hub gives a transport. */
export interface TransportLink {
  readonly namespace: string
  readonly clock: Clock
  readonly random: () => number
  /** Names this page's life in message ids. */
  readonly tag: string
  /** A message came from elsewhere. `to`: only for these users; `only`: only for these sessions; `isDue`: only for these of their patterns. */
  deliver(message: RemoteMessage, to?: readonly string[], only?: readonly string[], isDue?: (pattern: string) => boolean): void
  /** A member entered or changed elsewhere. */
  member(topic: string, member: Member): void
  /** All of a session up to this member clock is gone from a topic. */
  gone(topic: string, id: string, clock: number): void
  status(status: HubStatus): void
  gap(gap: Gap): void
  /** Topics whose shared value this page knows: their last message is to be kept, though nobody may listen at the moment. */
  readonly states: { has(topic: string): boolean }
  /** Anything that failed; what is no `EarshotError` is wrapped. */
  report(error: unknown): void
}

/**
 * Carries messages, interest and presence beyond the page. The contract is about meaning, not sockets: a hub tells what happens in its page,
 * the transport tells what happened elsewhere.
 */
export interface Transport {
  /** Called once, at the hub's first use. */
  connect(link: TransportLink): TransportConnection
}

/** One hub's end of a transport. */
export interface TransportConnection {
  /** Kept messages are heard here, too, only when the transport brings them back in its order. */
  readonly ordered?: boolean
  openSession(session: TransportSession): void
  /** A session ended for good. */
  closeSession(id: string): void
  /**
   * Sends a message; `data` is what was published (before a schema changed it).
   * `undefined`: accepted at once.
   * @throws `not-serializable` when the data cannot travel
   */
  publish(message: Message & { readonly key: string }, data: unknown, options: PublishOptions): Promise<{ offset?: number }> | undefined
  /** A session's first subscription to a pattern began, or its last one ended. The pattern `''` is broadcasts. */
  interest(session: string, pattern: string, on: boolean): void
  /** A session's own presence entry changed. @throws `not-serializable` */
  presence(topic: string, member: Member, here: boolean): void
  /** A topic's members are of interest, or no more. Resolves when those that were there are known. */
  watch(topic: string, on: boolean): Promise<void>
  /** Resolves when all interest told so far is known to everyone who can be reached. */
  sync(): Promise<void>
  /** The past as this session may hear it. */
  history(pattern: string | readonly string[], options: HistoryOptions, session: string): Promise<History>
  /** How many sessions elsewhere listen to a topic. */
  occupancy(topic: string): Promise<number>
  /** Runs `task` in at most one tab for this id. */
  claim?(id: string, task: () => unknown): Promise<boolean>
  /** Runs `task` while this tab leads; what it returns is called when it stops. */
  lead?(task: () => void | (() => void)): Cancel
  readonly capabilities: Capabilities
  /** Leaves for good. Idempotent. */
  close(): Promise<void>
}
