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
    this.#members.set(member.id, member)
    this.#changed()
    return { type: known ? 'update' : 'enter', member }
  }

  /** Everything of this session up to `clock` is gone. */
  remove(id: string, clock: number): PresenceEvent | undefined {
    const known = this.#members.get(id)
    if (known && known.clock > clock) return undefined
    this.#floors.set(id, Math.max(clock, this.#floors.get(id) ?? 0))
    if (this.#floors.size > MAX_FLOORS) this.#floors.delete(this.#floors.keys().next().value as string)
    if (!known) return undefined
    this.#members.delete(id)
    this.#changed()
    return { type: 'leave', member: known }
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
