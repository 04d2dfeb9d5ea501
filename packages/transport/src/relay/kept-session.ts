import { randomId } from '@earshot/core'
import type { FullEnvironment } from '../page/environment.ts'
import { type Hold, holdLock } from '../page/locks.ts'
import type { Slots, Slotted } from '../page/slots.ts'

/** A publish as it is kept over a reload. */
export interface StoredPublish {
  /** Its document. */
  readonly tag: string
  readonly clock: number
  /** The encoded frame; `''`: there was no room to keep it. */
  readonly text: string
}

/** Hears what becomes of a session that is kept. */
export interface Claimant {
  /** It is another one, since somebody else goes by it. */
  renamed(): void
  /** Another page of this tab had the session, and left what is `stored` now. `isSame`: the relay knows what that one sent, and what this one had sent. */
  resumed(isSame: boolean): void
}

/** So many milliseconds another page of this tab may take to let go of the id. */
const PATIENCE = 1000
/** Keys are reserved so many at a time: the number of the last is written before the first of them is used. */
const BLOCK = 64
/** Keys that are looked at after a reload, at most. */
const MAX_KEYS = 20_000
/** Characters that are reserved for what is kept of the session itself, so that publishes which find no room are still counted. */
const ROOM = 1000

/**
 * What a tab keeps of a session over a reload, so that the next page is the same session: its id and the proof that it is its own, what the relay
 * called its record, and the publishes that were not accepted yet. A Web Lock on the id tells a reloaded tab from a duplicated one, which has a copy
 * of all this; without locks nothing is kept.
 */
export class KeptSession {
  readonly #env: FullEnvironment
  readonly #slots: Slots
  readonly #slot: string | undefined
  readonly #userId: string | null
  readonly #base: string
  id: string
  /** Proves to the relay that the id is this tab's. */
  secret: string
  record: string | undefined
  attach: number
  /** Rises with each page. */
  life: number
  /** What the former page left. */
  stored: readonly (StoredPublish & { readonly n: number })[] = []
  /** Numbers of keys in use: from the first up to those that are reserved. */
  #first: number
  #next: number
  #reserved: number
  /** Those of publishes that the storage has no room for. */
  readonly #unkept = new Set<number>()
  #lock: Hold | undefined
  #former: Hold | undefined
  #isEnding = false
  #claimed: Promise<void> | undefined
  /** The page has left: another one of this tab may have had the session meanwhile. */
  #isAway = false
  /** Set by whoever needs to know. */
  hearer: Claimant | undefined

  /**
   * @param id the id asked for; `''` for what a hub does outside any session, which is not kept
   * @param slot where it is kept, if that is known
   */
  constructor(env: FullEnvironment, slots: Slots, base: string, id: string | undefined, userId: string | null, slot?: string) {
    const { random, locks } = env
    this.#env = env
    this.#slots = slots
    this.#base = base
    this.#userId = userId
    this.#slot = slot ?? (locks && id !== '' ? slots.take(id, userId) : undefined)
    const saved = slots.read(this.#slot, userId) ?? {}
    this.id = id ?? text(saved['id']) ?? randomId(random)
    this.secret = text(saved['secret']) ?? randomId(random)
    this.record = text(saved['record'])
    this.attach = count(saved['attach'])
    this.life = count(saved['life']) + 1
    this.#first = count(saved['first'])
    this.#reserved = Math.min(count(saved['reserved']), this.#first + MAX_KEYS)
    this.#next = this.#reserved
    this.stored = this.#load(Math.min(count(saved['unkept']), MAX_KEYS))
    this.#save()
  }

  /** Makes sure that no other tab has the id; else this is another session, with nothing behind it. Where another page of this tab had it meanwhile, it goes on with what that one left. */
  claim(): Promise<void> {
    return (this.#claimed ??= this.#claim())
  }

  /** The session is over but for what it has published. */
  end(): void {
    this.#back()
    this.#isEnding = true
    this.#save()
  }

  /** The page leaves or is cached: another one may take the session over. */
  leave(): void {
    this.release()
    this.#isAway = true
  }

  /** Lets go of the id. */
  release(): void {
    this.#lock?.release()
    this.#former = this.#lock ?? this.#former
    this.#lock = this.#claimed = undefined
  }

  /** A number for the next attach; it is kept before it is used. */
  nextAttach(): number {
    this.attach++
    this.#save()
    return this.attach
  }

  /** Somebody else goes by the id: this is another session from now on. */
  rename(): void {
    this.release()
    this.#begin()
  }

  #begin(): void {
    const { random } = this.#env
    this.id = randomId(random)
    this.secret = randomId(random)
    this.record = undefined
    this.attach = 0
    this.#save()
  }

  recordedAs(record: string): void {
    if (this.record === record) return
    this.record = record
    this.#save()
  }

  /** Keeps a publish; gives the number to find it by. */
  put({ tag, clock, text: frame }: StoredPublish): number {
    this.#back()
    const n = this.#next++
    if (this.#next > this.#reserved) {
      this.#reserved = this.#next + BLOCK
      this.#save()
    }
    if (this.#slot !== undefined && !this.#slots.set(this.#key(n), [tag, clock, frame])) {
      this.#unkept.add(n)
      this.#save()
    }
    return n
  }

  delete(n: number): void {
    if (this.#slot === undefined) return
    this.#slots.delete(this.#key(n))
    if (n === this.#first) this.#first++
    if (this.#unkept.delete(n)) this.#save()
  }

  /** The session ended for good: the next page is another one. */
  forget(): void {
    this.release()
    for (const { n } of this.stored) this.delete(n)
    this.#slots.free(this.#slot)
  }

  async #claim(): Promise<void> {
    const { locks } = this.#env
    if (!locks || this.id === '') return
    this.#back()
    // Another page of this tab, which one has just come back from, may not have let it go yet.
    let isPatient = this.#former !== undefined
    for (;;) {
      const lock = (this.#lock = holdLock(locks, `${this.#base}:id:${this.id}`, { ifAvailable: !isPatient }, () => this.release(), this.#former))
      let isLate = false
      const stop = isPatient
        ? this.#env.clock.after(PATIENCE, () => {
            isLate = true
            lock.release()
          })
        : undefined
      // Locks that are denied refuse nobody: then the id is as good as it gets. A page that has left meanwhile asks no more.
      const isFree = await lock.granted.catch(() => true)
      stop?.()
      if (this.#lock !== lock) return
      // What it said last may have come only now.
      if (isFree && !isLate) return this.#resume()
      if (isPatient) {
        // A page that hung meanwhile may hear that it is too late before it hears that it has it.
        isPatient = false
        this.#former = lock
        continue
      }
      // What is being claimed goes on being claimed, under another id.
      this.#begin()
      // They are the original's to send, and its keys are copies here.
      for (const { n } of this.stored) this.delete(n)
      this.stored = []
      this.hearer?.renamed()
    }
  }

  #back(): void {
    if (this.#isAway) this.#resume()
    this.#isAway = false
  }

  /** Takes up what another page of this tab, loaded while this one was cached, has made of the session. What goes by another id is none of its concern: a frame's within the page, maybe. */
  #resume(): void {
    const saved = this.#slots.read(this.#slot, this.#userId)
    if (saved?.['id'] !== this.id || count(saved['life']) === this.life) return
    const { record } = this
    this.record = text(saved['record'])
    this.attach = Math.max(this.attach, count(saved['attach']))
    this.life = count(saved['life']) + 1
    this.#first = Math.min(this.#first, count(saved['first']))
    this.#next = this.#reserved = Math.max(this.#reserved, Math.min(count(saved['reserved']), this.#first + MAX_KEYS))
    this.stored = this.#load(0)
    this.#save()
    this.hearer?.resumed(this.record === record)
  }

  #load(unkept: number): (StoredPublish & { n: number })[] {
    const found: (StoredPublish & { n: number })[] = []
    for (let n = this.#first; n < this.#reserved && this.#slot !== undefined; n++) {
      const saved = this.#slots.get(this.#key(n))
      if (!Array.isArray(saved)) continue
      const [tag, clock, frame] = saved as unknown[]
      if (typeof tag === 'string' && Number.isSafeInteger(clock) && typeof frame === 'string') found.push({ n, tag, clock: clock as number, text: frame })
    }
    this.#first = found[0]?.n ?? this.#reserved
    for (let n = -unkept; n < 0; n++) {
      this.#unkept.add(n)
      found.push({ n, tag: '', clock: n, text: '' })
    }
    return found
  }

  #save(): void {
    const { id, secret, record, attach, life } = this
    const kept = { id, secret, record, attach, life, first: this.#first, reserved: this.#reserved, unkept: this.#unkept.size }
    this.#slots.set(this.#slot, { ...kept, userId: this.#userId, ending: this.#isEnding } satisfies Slotted, ROOM)
  }

  #key(n: number): string {
    return `${this.#slot}:${n}`
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0
}
