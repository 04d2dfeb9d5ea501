import type { Clock } from '../base/clock.ts'
import type { FakeAgent } from './fake-agent.ts'

/** One request for a lock, from its page's hands to its end. */
export interface LockEntry {
  readonly agent: FakeAgent
  readonly name: string
  readonly mode: 'exclusive' | 'shared'
  readonly ifAvailable: boolean
  readonly steal: boolean
  /** The manager's answer: the lock is held, or `ifAvailable` found it taken. */
  readonly answer: (granted: boolean) => void
  /** The lock, or the place in the queue, was taken away. */
  readonly lost: () => void
}

/** A line of what `query()` tells. */
interface LockInfo {
  readonly name: string
  readonly mode: 'exclusive' | 'shared'
  readonly clientId: string
}

/** What `query()` tells. */
export interface LockSnapshot {
  readonly held: readonly LockInfo[]
  readonly pending: readonly LockInfo[]
}

interface Queue {
  readonly held: Set<LockEntry>
  readonly waiting: Set<LockEntry>
}

/** The locks of one browser: for each name who holds it and who waits, in order. */
export class FakeLockManager {
  readonly #clock: Clock
  readonly #queues = new Map<string, Queue>()
  readonly #underWay = new Set<LockEntry>()
  /** The name whose queue is not looked at while its cached holder is evicted. */
  #neglected: string | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes a request, which arrives in a task of its own. */
  submit(entry: LockEntry): void {
    this.#underWay.add(entry)
    this.#clock.after(0, () => {
      if (this.#underWay.delete(entry)) this.#arrive(entry)
    })
  }

  /** Lets go of a lock, or of the place in the queue. */
  release(entry: LockEntry): void {
    if (this.#remove(entry)) this.#grant(entry.name)
  }

  /** Withdraws a request in a task of its own, so after the request has arrived. */
  withdraw(entry: LockEntry): void {
    this.#clock.after(0, () => this.release(entry))
  }

  /** Frees everything of a page; `entry.lost` is called if it is to hear of it when it is back. */
  free(agent: FakeAgent, tell = false): void {
    const entries = this.#entries(agent)
    for (const entry of entries) {
      this.#remove(entry)
      if (tell) entry.lost()
    }
    for (const { name } of entries) {
      if (name !== this.#neglected) this.#grant(name)
    }
  }

  /** A snapshot. Pages that hold a lock while they are cached are evicted by it. */
  query(): LockSnapshot {
    const held: LockEntry[] = []
    const pending: LockEntry[] = []
    for (const queue of this.#queues.values()) {
      held.push(...queue.held)
      pending.push(...queue.waiting)
    }
    for (const { agent } of held) if (agent.state === 'cached') agent.evict()
    return { held: held.map(lockInfo), pending: pending.map(lockInfo) }
  }

  /** How many locks are held and how many requests wait or are under way, of one page or of all. */
  count(agent?: FakeAgent): { held: number; pending: number } {
    const isCounted = (entry: LockEntry): boolean => agent === undefined || entry.agent === agent
    let held = 0
    let pending = [...this.#underWay].filter(isCounted).length
    for (const queue of this.#queues.values()) {
      held += [...queue.held].filter(isCounted).length
      pending += [...queue.waiting].filter(isCounted).length
    }
    return { held, pending }
  }

  #arrive(entry: LockEntry): void {
    const queue = this.#queue(entry.name)
    const cached = [...queue.held].filter(({ agent }) => agent.state === 'cached')
    if (entry.steal) this.#steal(queue, entry)
    else if (!entry.ifAvailable) {
      queue.waiting.add(entry)
      this.#grant(entry.name)
    } else if (queue.waiting.size === 0 && isCompatible(queue, entry)) hold(queue, entry)
    else entry.answer(false)
    for (const { agent } of cached) this.#evict(agent, entry)
    this.#forget(entry.name)
  }

  /**
   * As Chromium 156 does: the page goes, but requests that were queued behind it before are looked at only when something else
   * happens to the name. A request that finds no others waiting is granted.
   */
  #evict(agent: FakeAgent, entry: LockEntry): void {
    this.#neglected = entry.name
    agent.evict()
    this.#neglected = undefined
    const [first] = this.#queues.get(entry.name)?.waiting ?? []
    if (first === entry) this.#grant(entry.name)
  }

  #steal(queue: Queue, entry: LockEntry): void {
    for (const victim of queue.held) victim.lost()
    queue.held.clear()
    hold(queue, entry)
  }

  #grant(name: string): void {
    const queue = this.#queues.get(name)
    if (queue === undefined) return
    for (const entry of queue.waiting) {
      if (!isCompatible(queue, entry)) break
      queue.waiting.delete(entry)
      hold(queue, entry)
    }
    this.#forget(name)
  }

  #remove(entry: LockEntry): boolean {
    const queue = this.#queues.get(entry.name)
    return this.#underWay.delete(entry) || queue?.held.delete(entry) === true || queue?.waiting.delete(entry) === true
  }

  #entries(agent: FakeAgent): LockEntry[] {
    const all = [...this.#underWay]
    for (const queue of this.#queues.values()) all.push(...queue.held, ...queue.waiting)
    return all.filter(entry => entry.agent === agent)
  }

  #queue(name: string): Queue {
    const queue = this.#queues.get(name) ?? { held: new Set(), waiting: new Set() }
    this.#queues.set(name, queue)
    return queue
  }

  #forget(name: string): void {
    const queue = this.#queues.get(name)
    if (queue?.held.size === 0 && queue.waiting.size === 0) this.#queues.delete(name)
  }
}

function isCompatible(queue: Queue, { mode }: LockEntry): boolean {
  if (queue.held.size === 0) return true
  return mode === 'shared' && [...queue.held].every(other => other.mode === 'shared')
}

function hold(queue: Queue, entry: LockEntry): void {
  queue.held.add(entry)
  entry.answer(true)
}

function lockInfo({ name, mode, agent }: LockEntry): LockInfo {
  return { name, mode, clientId: agent.id }
}
