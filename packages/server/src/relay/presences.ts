import { type Clock, type Member, type PresenceEvent, Roster } from '@earshot/core'
import type { PresenceFrame, WireMember } from '@earshot/core/protocol'
import { toText } from '../engine/json-text.ts'
import type { Attachment } from './attachment.ts'
import { toIndexes } from './fan-out.ts'
import type { SessionRecord } from './records.ts'

interface Gathering {
  readonly roster: Roster
  readonly watchers: Set<Attachment>
  /** Those of them that were told who is here by a relay that may not have known all. */
  readonly unsure: Set<Attachment>
  /** All members, encoded once for all who are told of them; nothing after a change. */
  text: string | undefined
}

/** Characters of rosters that are said until others have their turn. */
const PORTION = 262_144

/** Clocks a millisecond: those of a relay that restarts go on above those of its former life. */
const CLOCKS_PER_MS = 1024

/** Who is on which topic, and who wants to know. The relay's own clock orders the changes: a client's says only whether it speaks anew. */
export class Presences {
  readonly #topics = new Map<string, Gathering>()
  readonly #clock: Clock
  /** Members of before a restart may be missing. */
  #isYoung = true
  #last = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  members(topic: string): readonly Member[] {
    return this.#topics.get(topic)?.roster.members ?? []
  }

  /** A session is here, or says something else, in so many characters. */
  said(record: SessionRecord, { topic, data, since, clock }: PresenceFrame, size: number): void {
    const present = (record.present ??= new Map())
    const known = present.get(topic)?.clock
    present.set(topic, { clock, size })
    record.unsaid?.delete(topic)
    const { id, userId } = record
    const before = this.#topics.get(topic)?.roster.get(id)
    // It came back as it was, perhaps as another page: nobody needs to know.
    if (known === clock || (before && toText(before.data) === toText(data))) return
    const member = { id, userId: userId ?? undefined, data, since, clock: this.#tick() }
    this.#tell(topic, this.#of(topic).roster.put(member), record)
  }

  leave(record: SessionRecord, topic: string): void {
    if (!record.present?.delete(topic)) return
    this.#tell(topic, this.#of(topic).roster.evict(record.id), record)
  }

  leaveAll(record: SessionRecord, topics: Iterable<string> = [...(record.present?.keys() ?? [])]): void {
    for (const topic of topics) this.leave(record, topic)
  }

  watch(attachment: Attachment, topic: string): void {
    ;(attachment.watched ??= new Set()).add(topic)
    attachment.stale?.delete(topic)
    this.#of(topic).watchers.add(attachment)
    if (this.#hasRoom(attachment, topic)) this.#sendRoster(attachment, topic)
  }

  unwatch(attachment: Attachment, topic: string): void {
    attachment.watched?.delete(topic)
    attachment.stale?.delete(topic)
    const { watchers, unsure } = this.#of(topic)
    watchers.delete(attachment)
    unsure.delete(attachment)
    this.#tidy(topic)
  }

  unwatchAll(attachment: Attachment): void {
    for (const topic of [...(attachment.watched ?? [])]) this.unwatch(attachment, topic)
  }

  /** The relay is no longer young: what is missing now has left. Whoever was not told so hears it, some of them in each turn. */
  grown(): void {
    this.#isYoung = false
    let said = 0
    for (const [topic, { unsure }] of this.#topics) {
      for (const attachment of unsure) {
        if (said >= PORTION) {
          this.#clock.after(0, () => this.grown())
          return
        }
        unsure.delete(attachment)
        if (this.#hasRoom(attachment, topic)) said += this.#sendRoster(attachment, topic)
      }
    }
  }

  /** There is room again: who is there now, instead of all that happened meanwhile. */
  refresh(attachment: Attachment): void {
    const { stale } = attachment
    if (!stale || stale.size === 0) return
    for (const topic of [...stale]) {
      if (!this.#hasRoom(attachment, topic)) return
      stale.delete(topic)
      this.#sendRoster(attachment, topic)
    }
  }

  /** Whether a change can be told; else it is told later, with all others. */
  #hasRoom(attachment: Attachment, topic: string): boolean {
    if (attachment.connection.hasRoom) return true
    ;(attachment.stale ??= new Set()).add(topic)
    return false
  }

  /** Gives how many characters that were. */
  #sendRoster(attachment: Attachment, topic: string): number {
    const gathering = this.#of(topic)
    const members = (gathering.text ??= toText(gathering.roster.members.map(toWire)))
    if (this.#isYoung) gathering.unsure.add(attachment)
    else gathering.unsure.delete(attachment)
    attachment.connection.write(`{"t":"roster","s":${attachment.s},"topic":${toText(topic)},"members":${members},"young":${this.#isYoung}}`)
    return members.length
  }

  #tell(topic: string, event: PresenceEvent | undefined, own: SessionRecord): void {
    if (!event) return this.#tidy(topic)
    const { member, type } = event
    const gathering = this.#of(topic)
    gathering.text = undefined
    // A session knows its own entry best.
    const watchers = [...gathering.watchers].filter(attachment => attachment.record !== own && !attachment.stale?.has(topic) && this.#hasRoom(attachment, topic))
    if (watchers.length > 0) {
      const [kind, what] = type === 'leave' ? ['gone', `"id":${toText(member.id)},"clock":${member.clock}`] : ['member', `"m":${toText(toWire(member))}`]
      // Encoded once, whoever hears it.
      const rest = `"topic":${toText(topic)},${what}}`
      for (const [connection, s] of toIndexes(watchers)) connection.write(`{"t":"${kind}","s":[${s.join()}],${rest}`)
    }
    this.#tidy(topic)
  }

  #of(topic: string): Gathering {
    let gathering = this.#topics.get(topic)
    if (!gathering) this.#topics.set(topic, (gathering = { roster: new Roster(), watchers: new Set(), unsure: new Set(), text: undefined }))
    return gathering
  }

  #tidy(topic: string): void {
    const gathering = this.#topics.get(topic)
    if (gathering && gathering.watchers.size === 0 && gathering.roster.members.length === 0) this.#topics.delete(topic)
  }

  #tick(): number {
    return (this.#last = Math.max(this.#last + 1, Math.floor(this.#clock.now() * CLOCKS_PER_MS)))
  }
}

function toWire({ id, userId, data, since, clock }: Member): WireMember {
  return [id, userId ?? null, data, since, clock]
}
