import { checkPattern, type Clock, covers, isEarshotError, isWildcard } from '@earshot/core'
import { within } from './deadline.ts'

/** What a session wants to do with a topic. */
export type Action = 'publish' | 'subscribe' | 'presence' | 'history'

/** What `authorize` is asked. */
export interface AccessRequest {
  /** Whom the connection's token proved; `null`: nobody. */
  readonly user: string | null
  /** What `authenticate` gave beside the user. */
  readonly data: unknown
  readonly action: Action
  /** A topic; for `subscribe` and `history` perhaps a pattern. `''` stands for broadcasts. */
  readonly topic: string
}

/** Yes, no, or patterns: for a wildcard those within it that may be read; a topic is allowed if it is one of them, or one covers it. */
export type Decision = boolean | readonly string[]

/**
 * Decides what a user may do. It is asked once per connection, action and topic, and again when the token is renewed. An `EarshotError` refuses and says why;
 * anything else that it throws, `not-connected` and `timeout` decide nothing: it is asked again later.
 */
export type Authorize = (request: AccessRequest) => Decision | Promise<Decision>

/** Answers remembered for a connection, at most. */
const MAX_REMEMBERED = 1000

/** What the user of one connection may do. */
export class Access {
  readonly #authorize: Authorize | undefined
  readonly #clock: Clock
  readonly #limit: number
  #remembered: Map<string, readonly string[]> | undefined
  user: string | null = null
  #data: unknown

  constructor(authorize: Authorize | undefined, clock: Clock, limit: number) {
    this.#authorize = authorize
    this.#clock = clock
    this.#limit = limit
  }

  /** Whether everybody may do everything. */
  get isOpen(): boolean {
    return !this.#authorize
  }

  /** Another token: everything is asked anew. */
  reset(user: string | null, data?: unknown): void {
    this.user = user
    this.#data = data
    this.#remembered = undefined
  }

  /**
   * The patterns within `topic` that the user may use: itself, some of those within it, or none.
   * Resolves at once when nobody has to be asked.
   */
  granted(action: Action, topic: string): readonly string[] | Promise<readonly string[]> {
    if (!this.#authorize) return [topic]
    const remembered = (this.#remembered ??= new Map())
    const key = `${action} ${topic}`
    const known = remembered.get(key)
    if (known) return known
    const answer = this.#authorize({ user: this.user, data: this.#data, action, topic })
    const remember = (decision: Decision): readonly string[] => {
      const patterns = patternsOf(decision, topic)
      // An answer to what was asked before the token was renewed is not kept.
      if (this.#remembered !== remembered) return patterns
      if (remembered.size >= MAX_REMEMBERED) remembered.clear()
      remembered.set(key, patterns)
      return patterns
    }
    return isPromise(answer) ? within(Promise.resolve(answer), 'authorize', this.#limit, this.#clock).then(remember) : remember(answer)
  }
}

/** Also one that is not of the platform: many libraries have their own. */
function isPromise(answer: Decision | Promise<Decision>): answer is Promise<Decision> {
  return typeof answer === 'object' && answer !== null && 'then' in answer
}

/** What an answer grants: never more than what was asked for. */
function patternsOf(decision: Decision, topic: string): readonly string[] {
  if (decision === true) return [topic]
  if (!Array.isArray(decision)) return []
  const patterns = decision.filter((pattern: unknown): pattern is string => typeof pattern === 'string' && isPattern(pattern))
  if (isWildcard(topic)) return patterns.filter(pattern => covers(topic, pattern))
  return decision.includes(topic) || (topic !== '' && patterns.some(pattern => covers(pattern, topic))) ? [topic] : []
}

function isPattern(text: string): boolean {
  try {
    checkPattern(text)
    return true
  } catch (error) {
    if (!isEarshotError(error)) throw error
    return false
  }
}
