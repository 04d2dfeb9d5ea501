import { Queue } from './queue.ts'

/** Whose a session is: of a user, or – nobody in particular – of the connection that it was on last. */
export type Owner = string | number

/** Sessions that were cut off, by whose they are. All that it does takes the same time, however many there are. */
export class Absent<Session> {
  readonly #owners = new Map<Session, Owner>()
  /** The one gone for longest first. */
  readonly #sessions = new Map<Owner, Queue<Session>>()
  /** Owners by how many sessions they have. */
  readonly #levels = new Map<number, Queue<Owner>>()
  #most = 0

  get size(): number {
    return this.#owners.size
  }

  add(session: Session, owner: Owner): void {
    this.delete(session)
    this.#owners.set(session, owner)
    const sessions = this.#sessions.get(owner) ?? new Queue()
    this.#sessions.set(owner, sessions.add(session))
    this.#move(owner, sessions.size - 1, sessions.size)
  }

  delete(session: Session): void {
    const owner = this.#owners.get(session)
    const sessions = owner === undefined ? undefined : this.#sessions.get(owner)
    if (owner === undefined || !sessions) return
    this.#owners.delete(session)
    sessions.delete(session)
    if (sessions.size === 0) this.#sessions.delete(owner)
    this.#move(owner, sessions.size + 1, sessions.size)
  }

  /** Of whoever has most, the one gone for longest. */
  next(): Session | undefined {
    const owner = this.#levels.get(this.#most)?.first
    return owner === undefined ? undefined : this.#sessions.get(owner)?.first
  }

  #move(owner: Owner, from: number, to: number): void {
    const left = this.#levels.get(from)
    left?.delete(owner)
    if (left?.size === 0) this.#levels.delete(from)
    if (to > 0) this.#levels.set(to, (this.#levels.get(to) ?? new Queue<Owner>()).add(owner))
    // One more or one less, so that no level is passed over.
    if (to > this.#most || !this.#levels.has(this.#most)) this.#most = to
  }
}
