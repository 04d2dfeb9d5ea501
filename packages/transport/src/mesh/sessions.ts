import { randomId, type StorageLike, type TransportSession } from '@earshot/core'
import { holdLock, type Hold } from '../page/locks.ts'
import type { FullEnvironment } from '../page/environment.ts'
import { takenIn } from '../page/taken.ts'
import type { PeerSession } from './peer.ts'
import type { EncodedItem, Item } from './wire.ts'
import type { Interest } from './interest.ts'

/** One session of this tab. */
export interface OwnSession extends PeerSession {
  readonly handle: TransportSession
  id: string
  key: string
  incarnation: number
  /** Where it is kept over reloads; `undefined`: it is not. */
  slot: string | undefined
  /** Proves that no other tab has the id. */
  lock: Hold | undefined
  /** The making sure of that, once in each life of the tab. */
  claimed: Promise<void> | undefined
  /** Topic → its presence entry as it travels. */
  readonly entries: Map<string, EncodedItem>
}

/** What is written to sessionStorage: small, and checked when it is read. */
interface Saved {
  readonly id: string
  readonly incarnation: number
  readonly userId: string | null
}

/** Sessions of unnamed id that a tab keeps over reloads, at most. */
const MAX_SLOTS = 64

/** Gives sessions their ids: kept by the tab over reloads, and never shared by two tabs. */
export class Identities {
  readonly #env: FullEnvironment
  readonly #base: string
  readonly #tag: string
  readonly #lost: () => void
  /** Places that are taken, by any hub of this page. */
  readonly #slots: Set<string>

  /** @param lost hears that an id was taken away */
  constructor(env: FullEnvironment, base: string, tag: string, lost: () => void) {
    this.#env = env
    this.#base = base
    this.#tag = tag
    this.#lost = lost
    this.#slots = takenIn(env.sessionStorage)
  }

  /** What the hub itself publishes and listens through: without an id, and never presented. */
  root(): OwnSession {
    return newSession({ requestedId: undefined, userId: undefined, identify: () => {} }, `.${this.#tag}`)
  }

  /** The id to go by for now: the one asked for, the one this tab had, or a new one. */
  open(handle: TransportSession): OwnSession {
    const { requestedId, userId } = handle
    const session = newSession(handle, '')
    let saved: Saved | undefined
    // Without locks a duplicated tab could not be told from its original: nothing is kept.
    if (this.#env.locks) {
      const slot = requestedId === undefined ? this.#slotFor(userId ?? null) : `${this.#base}:session:${requestedId}`
      if (slot !== undefined && !this.#slots.has(slot)) {
        this.#slots.add((session.slot = slot))
        saved = read(this.#env.sessionStorage, slot)
      }
    }
    const kept = saved?.userId === (userId ?? null) ? saved : undefined
    return this.rename(session, requestedId ?? kept?.id ?? randomId(this.#env.random), (kept?.incarnation ?? 0) + 1)
  }

  /** Of the slots that are not taken: where this tab kept a session of the same user, else an empty one, else the first. */
  #slotFor(user: string | null): string | undefined {
    const slots = Array.from({ length: MAX_SLOTS }, (_, number) => `${this.#base}:session:${number}`).filter(slot => !this.#slots.has(slot))
    const saved = slots.map(slot => read(this.#env.sessionStorage, slot))
    const same = saved.findIndex(session => session?.userId === user)
    return slots[Math.max(same >= 0 ? same : saved.indexOf(undefined), 0)]
  }

  /** Makes sure that no other tab has the id before anything is said under it; else the session gets a new one. */
  claim(session: OwnSession): Promise<void> {
    return (session.claimed ??= this.#claim(session))
  }

  async #claim(session: OwnSession): Promise<void> {
    const { locks, random } = this.#env
    if (!locks) return
    for (;;) {
      const lock = (session.lock = holdLock(locks, `${this.#base}:id:${session.id}`, { ifAvailable: true }, this.#lost))
      // Locks that are denied refuse nobody: then the id is as good as it gets. A page that has left meanwhile asks no more.
      if ((await lock.granted.catch(() => true)) || session.lock !== lock) return
      this.revive(session, randomId(random), 1)
    }
  }

  /** Gives the session another id or life, and keeps it for a reload. */
  rename(session: OwnSession, id: string, incarnation: number): OwnSession {
    const { slot, userId } = session
    const saved: Saved = { id, incarnation, userId: userId ?? null }
    if (slot !== undefined) guarded(() => this.#env.sessionStorage?.setItem(slot, JSON.stringify(saved)))
    Object.assign(session, { id, incarnation, key: `${id}.${this.#tag}` })
    return session
  }

  /** A new life for every session: its members are newer than what siblings believe to be gone. Other pages of the tab may have had lives of it meanwhile. */
  renew(sessions: Iterable<OwnSession>): void {
    for (const session of sessions) {
      if (session.id === '') continue
      const { incarnation = 0 } = (session.slot !== undefined && read(this.#env.sessionStorage, session.slot)) || {}
      this.revive(session, session.id, Math.max(session.incarnation, incarnation) + 1)
    }
  }

  /** Gives the session another id or life, and tells the hub. */
  revive(session: OwnSession, id: string, incarnation: number): void {
    this.rename(session, id, incarnation)
    session.handle.identify(id, incarnation)
  }

  /** A session that ended for good is not taken up again by the next page. */
  forget({ slot, lock }: OwnSession): void {
    lock?.release()
    if (slot === undefined) return
    this.#slots.delete(slot)
    guarded(() => this.#env.sessionStorage?.removeItem(slot))
  }
}

function newSession(handle: TransportSession, key: string): OwnSession {
  const { userId } = handle
  return { handle, userId, id: '', key, incarnation: 0, slot: undefined, lock: undefined, claimed: undefined, members: new Map(), entries: new Map() }
}

/** Who a session is. */
export function announce(number: number, { id, userId, key }: OwnSession): Item {
  return ['s', number, id, userId ?? null, key.slice(id.length + 1)]
}

/** Everything a sibling must know of a session. */
export function describeSession(number: number, session: OwnSession, interest: Interest): EncodedItem[] {
  const listens = interest.patternsOf(session).map((pattern): Item => ['i', number, pattern, 1])
  return [announce(number, session), ...listens, ...session.entries.values()]
}

function read(storage: StorageLike | null, slot: string): Saved | undefined {
  const saved: unknown = guarded(() => JSON.parse(storage?.getItem(slot) ?? 'null'))
  if (typeof saved !== 'object' || saved === null) return undefined
  const { id, incarnation, userId } = saved as Partial<Saved>
  if (typeof id !== 'string' || !Number.isSafeInteger(incarnation)) return undefined
  return { id, incarnation: incarnation as number, userId: userId ?? null }
}

/** Storage that is full or denied only means that the session is not kept over a reload. */
function guarded<T>(access: () => T): T | undefined {
  try {
    return access()
  } catch {
    return undefined
  }
}
