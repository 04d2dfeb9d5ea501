/** Who is on a topic: one session. */
export interface Member<Data = unknown> {
  /** Session id. */
  readonly id: string
  readonly userId?: string | undefined
  /** What it entered or updated with; `update` replaces, never merges. */
  readonly data: Data
  /** Wall-clock milliseconds at which it entered, by its own clock. */
  readonly since: number
  /** Rises with each change, over reloads too; the newest wins. */
  readonly clock: number
}

/** What happened to a member. */
export interface PresenceEvent<Data = unknown> {
  readonly type: 'enter' | 'update' | 'leave'
  readonly member: Member<Data>
}

/** Departed sessions a roster remembers, so that a late message of a dead tab never brings it back. */
const MAX_FLOORS = 1024

/** A clock holds the session's life above what counts the changes within it. */
export const CLOCKS_PER_LIFE: number = 2 ** 32
const lifeOf = ({ clock }: Member): number => Math.floor(clock / CLOCKS_PER_LIFE)

/** The members of one topic. The newest clock wins, whatever the order in which changes come. */
export class Roster {
  readonly #members = new Map<string, Member>()
  /** Session id → clock up to which it is gone. */
  readonly #floors = new Map<string, number>()
  #list: readonly Member[] | undefined
  #users: ReadonlyMap<string, readonly Member[]> | undefined

  get(id: string): Member | undefined {
    return this.#members.get(id)
  }

  /** Takes a member in; gives what that changed, or nothing when it is stale. */
  put(member: Member): PresenceEvent | undefined {
    const known = this.#members.get(member.id)
    if (member.clock <= (known?.clock ?? this.#floors.get(member.id) ?? 0)) return undefined
    const back = known !== undefined && lifeOf(known) !== lifeOf(member)
    this.#members.set(member.id, back ? { ...member, since: known.since } : member)
    this.#changed()
    // A session that comes back from a reload as it was is no event.
    if (back && JSON.stringify(known.data) === JSON.stringify(member.data)) return undefined
    return { type: known ? 'update' : 'enter', member }
  }

  /** Everything of this session up to `clock` is gone. */
  remove(id: string, clock: number): PresenceEvent | undefined {
    const known = this.#members.get(id)
    if (known && known.clock > clock) return undefined
    this.#floors.set(id, Math.max(clock, this.#floors.get(id) ?? 0))
    if (this.#floors.size > MAX_FLOORS) this.#floors.delete(this.#floors.keys().next().value as string)
    return this.evict(id)
  }

  /** Takes a member out without remembering that it is gone: somebody else may go by this id. */
  evict(id: string): PresenceEvent | undefined {
    const member = this.#members.get(id)
    if (!member) return undefined
    this.#members.delete(id)
    this.#changed()
    return { type: 'leave', member }
  }

  /** All members, oldest first; the same array until something changes. */
  get members(): readonly Member[] {
    return (this.#list ??= [...this.#members.values()])
  }

  /** Members by user id, else session id: one person, however many tabs. The same map until something changes. */
  byUser(): ReadonlyMap<string, readonly Member[]> {
    if (this.#users) return this.#users
    const users = new Map<string, Member[]>()
    for (const member of this.members) {
      const key = member.userId ?? member.id
      const tabs = users.get(key)
      if (tabs) tabs.push(member)
      else users.set(key, [member])
    }
    return (this.#users = users)
  }

  #changed(): void {
    this.#list = this.#users = undefined
  }
}
