import { EarshotError, type ErrorCode, type HubStatus } from '@earshot/core'
import { FrameReader, type Guard, isCount, isFlag, isMaybeEmpty, isText, isTime, listOf, maybe, relayFrames, tupleOf, type WelcomeFrame } from '@earshot/core/protocol'

/** The version of what tabs say to one another over a shared socket: tabs of another version elect a leader of their own. */
export const SHARED_VERSION = 1

/** Lines or items of a post: with many more nobody would read it. */
export const MAX_ITEMS = 1000

/** An error as it travels. */
export type PostedCause = readonly [code: string, message: string]

/** An encoded frame for the relay, and whether it may be skipped. */
export type UpLine = readonly [line: string, volatile: boolean]

/** An encoded frame from the relay, and the indexes of the tab's sessions that it is for. */
export type DownItem = readonly [sessions: readonly number[], line: string]

/** What a frame that is on its way to a tab counts beside its characters. */
const ITEM_WEIGHT = 4096

/** What a frame counts until the tab has read it. */
export function weightOf([, line]: DownItem): number {
  return ITEM_WEIGHT + line.length
}

/** Who leads, and how its connection is: `life` names it, `''` while there is none. */
export interface LeadPost {
  readonly t: 'lead'
  readonly f: string
  readonly life: string
  readonly welcome?: WelcomeFrame
  readonly state: string
  readonly cause?: PostedCause
  readonly attempt?: number
  readonly retryAt?: number
  /** Those whose channels it has opened, as the former leader named them. */
  readonly tabs?: readonly string[]
}

/** What is posted; `f` is the node that says it. docs/PROTOCOL.md has an example of each. */
export type Post =
  /** I am here, and follow `leader`; `''`: who leads? */
  | { readonly t: 'hi'; readonly f: string; readonly leader: string; readonly visible: boolean }
  /** I go, and have said what I had to say. */
  | { readonly t: 'bye'; readonly f: string }
  /** Frames for the relay, on this connection; `n` counts such posts of a join. So much was `read` in that join. Without lines: do you live, and have you heard all my frames? */
  | { readonly t: 'up'; readonly f: string; readonly life: string; readonly join: number; readonly n: number; readonly read: number; readonly lines: readonly UpLine[] }
  /** Frames from the relay; `n` counts such posts of a join. */
  | { readonly t: 'down'; readonly f: string; readonly life: string; readonly join: number; readonly n: number; readonly items: readonly DownItem[] }
  | LeadPost
  /** I do not lead any more; these have followed me. */
  | { readonly t: 'resign'; readonly f: string; readonly tabs: readonly string[] }
  /** I am hidden, and you are not: take the lead. */
  | { readonly t: 'heir'; readonly f: string; readonly to: string }
  /** The relay has refused us for good. */
  | { readonly t: 'over'; readonly f: string; readonly cause: PostedCause }

const isLine: Guard = value => typeof value === 'string'
const isCause = tupleOf(isText, isText)
const isNodes = listOf(isText)
const isWelcome: Guard = value => relayFrames.read(value)?.t === 'welcome'

/** Reads what came over the channel, where any script of the origin can post. */
export const posts: FrameReader<Post> = new FrameReader<Post>({
  hi: { f: isText, leader: isMaybeEmpty, visible: isFlag },
  bye: { f: isText },
  up: { f: isText, life: isMaybeEmpty, join: isCount, n: isCount, read: isCount, lines: listOf(tupleOf(isLine, isFlag)) },
  down: { f: isText, life: isText, join: isCount, n: isCount, items: listOf(tupleOf(listOf(isCount), isLine)) },
  lead: { f: isText, life: isMaybeEmpty, welcome: maybe(isWelcome), state: isText, cause: maybe(isCause), attempt: maybe(isTime), retryAt: maybe(isTime), tabs: maybe(isNodes) },
  resign: { f: isText, tabs: isNodes },
  heir: { f: isText, to: isText },
  over: { f: isText, cause: isCause },
})

export function postedCause({ code, message }: EarshotError): PostedCause {
  return [code, message.slice(0, 4096)]
}

/** The code is one of ours: tabs of other versions are on other channels. */
export function revivedCause([code, message]: PostedCause): EarshotError {
  return new EarshotError(code as ErrorCode, message as `${string} ${string}`)
}

/** What a leader says of itself. */
export function leadPost(f: string, life: string, welcome: WelcomeFrame | undefined, { state, cause, attempt, retryAt }: HubStatus): LeadPost {
  return {
    t: 'lead',
    f,
    life,
    state,
    ...(welcome && { welcome }),
    ...(cause && { cause: postedCause(cause) }),
    ...(attempt !== undefined && { attempt }),
    ...(retryAt !== undefined && { retryAt }),
  }
}

/** The leader's status, as it is a follower's. */
export function revivedStatus({ state, cause, attempt, retryAt }: LeadPost): HubStatus {
  return {
    state: state === 'connected' || state === 'disconnected' ? state : 'connecting',
    via: 'follower',
    ...(cause && { cause: revivedCause(cause) }),
    ...(attempt !== undefined && { attempt }),
    ...(retryAt !== undefined && { retryAt }),
  }
}
