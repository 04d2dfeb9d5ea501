import { PatternIndex } from '@earshot/core'
import type { PeerSession } from './peer.ts'

/** Topics whose answer is remembered. */
const MAX_CACHED = 4096

/** Who listens to what, here or among the siblings. */
export class Interest {
  readonly #index = new PatternIndex<Set<PeerSession>>()
  readonly #wanted = new Map<string, boolean>()

  set(session: PeerSession, pattern: string, on: boolean): void {
    const sessions = this.#index.get(pattern)
    this.#wanted.clear()
    if (on) {
      if (sessions) sessions.add(session)
      else this.#index.set(pattern, new Set([session]))
    } else if (sessions?.delete(session) && sessions.size === 0) this.#index.delete(pattern)
  }

  /** Nothing is of interest to this session any more. */
  drop(session: PeerSession): void {
    for (const [pattern, sessions] of [...this.#index.entries]) if (sessions.has(session)) this.set(session, pattern, false)
  }

  patternsOf(session: PeerSession): string[] {
    return [...this.#index.entries].flatMap(([pattern, sessions]) => (sessions.has(session) ? pattern : []))
  }

  /** Does anyone want a message of this topic, if only these users may hear it? */
  wants(topic: string, to: readonly string[] | undefined): boolean {
    if (to) return [...this.sessions(topic)].some(({ userId }) => userId !== undefined && to.includes(userId))
    let wanted = this.#wanted.get(topic)
    if (wanted === undefined) {
      wanted = false
      this.#index.match(topic, () => {
        wanted = true
      })
      if (this.#wanted.size >= MAX_CACHED) this.#wanted.clear()
      this.#wanted.set(topic, wanted)
    }
    return wanted
  }

  /** The sessions that listen to a topic. */
  sessions(topic: string): Set<PeerSession> {
    const found = new Set<PeerSession>()
    this.#index.match(topic, sessions => {
      for (const session of sessions) found.add(session)
    })
    return found
  }
}
