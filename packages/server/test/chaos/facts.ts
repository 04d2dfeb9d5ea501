/** A page load: what happened to it, as far as a user could know. */
export interface PageFacts {
  readonly name: string
  readonly user: string
  /** Its sessions, in the order of opening. */
  readonly voices: readonly VoiceFacts[]
  /** What it has stored is not its own alone: a browser that had crashed brought it back, or it is one of two. */
  hasTwin: boolean
  /** Gap events, with the moment of each. */
  readonly gaps: { readonly at: number; readonly topics: readonly string[] | undefined }[]
  /** Codes of errors that were reported, with the moment of each. */
  readonly errors: { readonly at: number; readonly code: string; readonly text: string }[]
  /** When it was opened or loaded. */
  readonly born: { readonly at: number; readonly time: number }
  /** When it was connected anew. */
  readonly connected: { readonly at: number; readonly time: number }[]
  /** When it tried to connect. */
  readonly attempts: { readonly at: number; readonly time: number }[]
  /** How often it, or a page before it in its tab, was cut off; `Infinity`: it was away for an unknown time. */
  disturbed: number
  /** When it was gone. */
  endedAt: number | undefined
  /** The page that was loaded after it with what it had stored, if it left in good order. */
  successor: PageFacts | undefined
}

/** A session of a page. */
export interface VoiceFacts {
  readonly name: string
  readonly page: PageFacts
  closedAt: number | undefined
  /** The session id that it began with. */
  readonly bornAs: string
  /** Its session id as it is now. */
  id(): string
}

/** One publish, and how its receipt ended. Moments count everything that happens; times are milliseconds. */
export interface Spoken {
  readonly by: VoiceFacts | 'server'
  /** `''`: a broadcast. */
  readonly topic: string
  readonly number: number
  readonly said: number
  readonly saidTime: number
  readonly kept: boolean
  readonly echo: boolean
  readonly to: readonly string[] | undefined
  /** `offset`: accepted there; `code`: refused. */
  outcome: { readonly at: number; readonly time: number; readonly offset?: number | undefined; readonly code?: string } | undefined
}

/** One message as a subscription heard it. */
export interface Heard {
  /** Names what was said: who and its number. */
  readonly key: string
  readonly topic: string
  readonly offset: number | undefined
  /** Whose message it is, as the relay says. */
  readonly userId: string | undefined
  readonly at: number
}

/** One subscription. */
export interface EarFacts {
  readonly voice: VoiceFacts
  /** `''`: it listens to broadcasts. */
  readonly pattern: string
  /** What of the past it asked for: the last so many, or everything after what is named here. */
  readonly past: { readonly replay?: number; readonly since?: string } | undefined
  /** Gaps in that past. */
  readonly gaps: { readonly at: number; readonly topics: readonly string[] | undefined }[]
  readonly began: number
  readyAt: number | undefined
  endedAt: number | undefined
  /** In milliseconds. */
  endedTime?: number | undefined
  readonly heard: Heard[]
}

/** A session is a member of the room, over reloads. */
export interface MembershipFacts {
  /** Session id. */
  readonly id: string
  readonly since: { readonly at: number; readonly time: number }
  /** When it left, and whether everybody must have heard so at once. */
  ended: { readonly at: number; readonly time: number; readonly promptly: boolean } | undefined
  /** The page that it is on. */
  page: PageFacts
}

/** A change of the room as the witness saw it. */
export interface SightFacts {
  readonly type: 'enter' | 'update' | 'leave'
  readonly id: string
  readonly at: number
  readonly time: number
}

/** A write to the shared state. */
export interface WriteFacts {
  readonly by: VoiceFacts
  readonly page: PageFacts
  readonly value: number
  readonly time: number
}

/** Something other than talk happened to a page, or to its network. */
export interface TroubleFacts {
  readonly page: PageFacts
  readonly kind: 'cut' | 'deafen' | 'hold' | 'delay' | 'release' | 'reload' | 'leave' | 'crash' | 'freeze' | 'hang' | 'cache' | 'wake' | 'look' | 'duplicate'
  readonly at: number
  readonly time: number
  /** Members that went with it for good. */
  readonly gone: readonly string[]
}

/** A life of the relay ended. */
interface RestartFacts {
  readonly at: number
  readonly time: number
  /** Its log, too. */
  readonly lost: boolean
  /** The next one was there at once, and clients knew; `spread`: they were told to come back within half a second. */
  readonly how: 'slow' | 'quick' | 'spread'
}

/** All that a checker may know: what each client published and heard, and what the test did to the relay. */
export interface Facts {
  readonly pages: readonly PageFacts[]
  readonly ears: readonly EarFacts[]
  readonly spoken: readonly Spoken[]
  /** When a life of the relay ended, and whether its log did. */
  readonly restarts: readonly RestartFacts[]
  readonly troubles: readonly TroubleFacts[]
  /** Whether pages of one user share a socket. */
  readonly shared: boolean
  /** Whether what they post to one another gets lost now and then. */
  readonly lossy: boolean
  /** So many publishes of a session are never too many; 0: nothing is promised. */
  readonly burst: number
  readonly memberships: readonly MembershipFacts[]
  readonly sights: readonly SightFacts[]
  /** Whether nothing but the network takes time: then who is there is known at once. */
  readonly prompt: boolean
  /** Values of the shared state, by who sees it, at the end. */
  readonly values: readonly { readonly name: string; readonly value: unknown }[]
  readonly writes: readonly WriteFacts[]
  /** Hears everything, and nothing is done to it. */
  readonly witness: EarFacts
  /** Whether the log may have evicted anything. */
  readonly evicts: boolean
  /** Milliseconds for which a session is remembered. */
  readonly resume: number
  /** Messages of a session that may wait to be accepted. @default any number */
  readonly outbox?: number
  /** Whether somebody decides what is allowed: then on the topic `no` nothing is. */
  readonly guarded: boolean
  /** How long it was waited for everything to settle, when that was in vain. */
  readonly unsettled: string | undefined
}

/** What was said, by name. */
export function keyOf({ by, number }: Pick<Spoken, 'by' | 'number'>): string {
  return `${by === 'server' ? by : by.name}:${number}`
}
