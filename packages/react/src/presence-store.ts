import type { Cancel, Member, Presence, Session } from '@earshot/core'
import { shallowEqual } from './shallow-equal.ts'
import { Store, type StoreHost } from './store.ts'

/** Who is on a topic, as components see it. */
export interface PresenceState {
  readonly members: readonly Member[]
  readonly others: readonly Member[]
  readonly self: Member | undefined
  readonly byUser: ReadonlyMap<string, readonly Member[]>
  readonly ready: boolean
}

export const NOBODY: PresenceState = { members: [], others: [], self: undefined, byUser: new Map(), ready: false }

/** A component that enters: what it says of this session. */
export interface Voice {
  readonly data: unknown
}

/** The presence of one topic: one entry, however many components enter. The last mounted one speaks. */
export class PresenceStore extends Store<PresenceState> {
  override state: PresenceState
  readonly presence: Presence
  readonly #speakers: Voice[] = []
  #said: unknown
  #ready = false

  constructor(session: Session, topic: string, host: StoreHost) {
    super(host)
    this.presence = session.presence(topic)
    this.presence.subscribe(() => this.changed())
    this.state = this.read()
    void this.presence.ready.then(() => {
      this.#ready = true
      this.changed()
    })
  }

  /** Enters with what the speaker says, until the result is called. */
  speak(speaker: Voice): Cancel {
    this.#say(speaker)
    this.#speakers.push(speaker)
    return () => {
      this.#speakers.splice(this.#speakers.indexOf(speaker), 1)
      if (this.#speakers.length === 0) this.presence.leave()
      else this.repeat()
    }
  }

  /** Says what the last speaker says, if that is something else by now. */
  repeat(): void {
    const speaker = this.#speakers.at(-1)
    if (speaker) this.#say(speaker)
  }

  protected override read(): PresenceState {
    const { members, self } = this.presence
    return { members, self, others: members.filter(member => member !== self), byUser: this.presence.byUser(), ready: this.#ready }
  }

  protected override close(): void {
    this.presence.close()
  }

  #say({ data }: Voice): void {
    if (this.presence.self && shallowEqual(data, this.#said)) return
    this.presence.enter(data)
    this.#said = data
  }
}
