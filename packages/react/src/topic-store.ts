import { type Cancel, compareMessages, type Message, type Session, type Subscription } from '@earshot/core'
import { Store, type StoreHost } from './store.ts'

export const NO_MESSAGES: readonly Message[] = []

/** The last messages of a topic, in the order that every tab shows: one subscription, however many components. */
export class TopicStore extends Store<readonly Message[]> {
  override state: readonly Message[] = NO_MESSAGES
  readonly #session: Session
  readonly #patterns: readonly string[]
  readonly #messages: Message[] = []
  #limit = 0
  #replay = 0
  #subscription: Subscription | undefined

  constructor(session: Session, key: string, host: StoreHost) {
    super(host)
    this.#session = session
    this.#patterns = key.split('\n')
  }

  /** Adds a user. The largest limit and the largest replay win. */
  use(limit: number, replay: number): Cancel {
    this.#limit = Math.max(this.#limit, limit)
    if (!this.#subscription?.active || replay > this.#replay) this.#listen(replay)
    return this.retain()
  }

  protected override read(): readonly Message[] {
    return [...this.#messages]
  }

  protected override close(): void {
    this.#subscription?.unsubscribe()
  }

  #listen(replay: number): void {
    const shorter = this.#subscription
    this.#subscription = this.#session.subscribe(this.#patterns, message => this.#take(message), { own: true, replay })
    this.#replay = replay
    shorter?.unsubscribe()
  }

  #take(message: Message): void {
    const messages = this.#messages
    let at = messages.length
    // Most come in order: from the end it is one step.
    for (let before = messages[at - 1]; before; before = messages[--at - 1]) {
      const order = compareMessages(before, message)
      if (order < 0) break
      // A longer replay brings again what is here already.
      if (order === 0 && before.id === message.id) return
    }
    messages.splice(at, 0, message)
    while (messages.length > this.#limit) messages.shift()
    this.changed()
  }
}
