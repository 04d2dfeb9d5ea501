import type { Message } from '../base/message.ts'
import { capture } from '../topic/match.ts'
import type { TopicOf } from '../topic/typed.ts'

/**
 * Tells whether a message's topic matches a pattern, and narrows the message to it.
 * @example session.subscribe('**', m => { if (matches('rooms/*', m)) console.log(m.topic) })
 */
export function matches<const Pattern extends string, M extends Message>(pattern: Pattern, message: M): message is Extract<M, { topic: TopicOf<Pattern> }> {
  return capture(pattern, message.topic) !== null
}
