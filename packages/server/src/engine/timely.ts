import type { Clock } from '@earshot/core'
import { within } from '../relay/deadline.ts'
import type { Engine } from './engine.ts'

/** The same engine, whose answers reject with `timeout` when they take longer than `limit` milliseconds. What it gives at once is given at once. */
export function timely(engine: Engine, limit: number, clock: Clock): Engine {
  const timed = <T>(answer: T | Promise<T>): T | Promise<T> => (answer instanceof Promise ? within(answer, 'the log', limit, clock) : answer)
  return {
    get epoch() {
      return engine.epoch
    },
    get head() {
      return engine.head
    },
    connect: (appended, passed, defer) => engine.connect(appended, passed, defer),
    append: publication => timed(engine.append(publication)),
    pass: publication => engine.pass(publication),
    page: request => timed(engine.page(request)),
    past: request => timed(engine.past(request)),
    lost: request => timed(engine.lost(request)),
    close: () => engine.close(),
  }
}
