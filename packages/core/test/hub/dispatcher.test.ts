import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHub, type Message, type Session, type Subscription } from '@earshot/core'
import { matchesNaively, patterns, topics } from '../topic/oracle.ts'

/** What a listener does when it is called: the next steps of one plan that hub and model both go through. */
type Action =
  | { kind: 'publish'; session: number; topic: string; echo: boolean; to: string | undefined }
  | { kind: 'subscribe'; session: number; patterns: string[]; echo: boolean }
  | { kind: 'unsubscribe'; which: number }
  | { kind: 'close topic'; pattern: string }
  | { kind: 'throw' }
  | { kind: 'end of call' }

const USERS = ['ada', 'bob', undefined]
const session = fc.nat(USERS.length - 1)
const publish = fc.record({
  kind: fc.constant('publish' as const),
  session,
  topic: topics.filter(topic => !topic.startsWith('$')),
  echo: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
  to: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.constantFrom('ada', 'bob', 'nobody')),
})
const subscribe = fc.record({
  kind: fc.constant('subscribe' as const),
  session,
  patterns: fc.array(patterns, { minLength: 1, maxLength: 2 }),
  echo: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
})
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: publish },
  { weight: 6, arbitrary: subscribe },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('unsubscribe' as const), which: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close topic' as const), pattern: patterns }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'throw' as const }) },
  { weight: 8, arbitrary: fc.constant({ kind: 'end of call' as const }) },
)

/** What happened, in order: calls and what receipts said. */
type Log = string[]

interface Bus {
  publish(action: Action & { kind: 'publish' }): number
  subscribe(id: number, action: Action & { kind: 'subscribe' }): void
  unsubscribe(id: number): void
  closeTopic(pattern: string): number
}

/** Goes through the plan: from the top level, and from within listeners. */
class Script {
  readonly log: Log = []
  readonly #plan: readonly Action[]
  #next = 0
  #ids = 0
  bus: Bus | undefined

  constructor(plan: readonly Action[]) {
    this.#plan = plan
  }

  run(bus: Bus): Log {
    this.bus = bus
    while (this.#next < this.#plan.length) this.#turn(false)
    return this.log
  }

  called(id: number, topic: string): void {
    this.log.push(`${id} hears ${topic}`)
    this.#turn(true)
  }

  /** Does what comes until the end of the call. */
  #turn(inside: boolean): void {
    for (let action = this.#plan[this.#next++]; action; action = this.#plan[this.#next++]) {
      if (action.kind === 'end of call') return
      if (action.kind === 'throw') {
        if (inside) throw new Error('planned')
      } else this.#do(action)
    }
  }

  #do(action: Exclude<Action, { kind: 'throw' | 'end of call' }>): void {
    const { bus, log } = this
    if (!bus) return
    if (action.kind === 'publish') log.push(`${action.topic} is for ${bus.publish(action)}`)
    if (action.kind === 'subscribe') bus.subscribe(this.#ids++, action)
    if (action.kind === 'unsubscribe' && this.#ids > 0) bus.unsubscribe(action.which % this.#ids)
    if (action.kind === 'close topic') log.push(`closed ${bus.closeTopic(action.pattern)}`)
  }
}

function onHub(plan: readonly Action[]): { log: Log; errors: number; failed: number; delivered: number } {
  let errors = 0
  const hub = createHub({ cache: 3, onError: () => errors++ })
  const sessions: Session[] = USERS.map(userId => hub.openSession(userId === undefined ? {} : { userId }))
  const subscriptions: Subscription[] = []
  const script = new Script(plan)
  let failed = 0
  const log = script.run({
    publish: ({ session, topic, echo, to }) => sessions[session]?.publish(topic, 1, { echo, ...(to !== undefined && { to }) }).listeners ?? 0,
    subscribe: (id, { session, patterns, echo }) => {
      const listener = (message: Message): void => {
        try {
          script.called(id, message.topic)
        } catch (error) {
          failed++
          throw error
        }
      }
      const subscription = sessions[session]?.subscribe(patterns, listener, { echo })
      if (subscription) subscriptions.push(subscription)
    },
    unsubscribe: id => subscriptions[id]?.unsubscribe(),
    closeTopic: pattern => hub.closeTopic(pattern),
  })
  return { log, errors, failed, delivered: hub.stats().delivered }
}

interface ModelEntry {
  id: number
  session: number
  patterns: Set<string>
  echo: boolean
  active: boolean
}

/** Guarantees 1 to 3 as they are written: a list of subscribers, a queue of messages with their targets. */
function onModel(plan: readonly Action[]): Log {
  const entries: ModelEntry[] = []
  const queue: { topic: string; targets: ModelEntry[] }[] = []
  let busy = false
  const script = new Script(plan)
  const drain = (): void => {
    busy = true
    for (let message = queue.shift(); message; message = queue.shift()) {
      for (const target of message.targets) {
        if (!target.active) continue
        try {
          script.called(target.id, message.topic)
        } catch {
          // A failing listener affects nobody.
        }
      }
    }
    busy = false
  }
  const hears = (entry: ModelEntry, pattern: string, topic: string): boolean => entry.active && matchesNaively(pattern.split('/'), topic.split('/'))
  return script.run({
    publish: ({ session, topic, echo, to }) => {
      const targets = entries.filter(
        entry =>
          [...entry.patterns].some(pattern => hears(entry, pattern, topic)) &&
          (to === undefined || USERS[entry.session] === to) &&
          !((!echo || !entry.echo) && entry.session === session),
      )
      queue.push({ topic, targets })
      if (!busy) drain()
      return targets.length
    },
    subscribe: (id, { session, patterns, echo }) => void entries.push({ id, session, patterns: new Set(patterns), echo, active: true }),
    unsubscribe: id => {
      const entry = entries[id]
      if (entry) entry.active = false
    },
    closeTopic: pattern => {
      let count = 0
      for (const entry of entries.filter(entry => entry.active)) {
        const inside = [...entry.patterns].filter(each => within(pattern.split('/'), each.split('/')))
        for (const each of inside) entry.patterns.delete(each)
        if (inside.length > 0) count++
        if (entry.patterns.size === 0) entry.active = false
      }
      return count
    },
  })
}

/** Does every topic of `inner` match `outer`? Level by level: a name stands for no other, and `**` is wider than `*`. */
function within(outer: readonly string[], inner: readonly string[], first = true): boolean {
  const [wanted, ...outerRest] = outer
  const [level, ...innerRest] = inner
  if (wanted === undefined || level === undefined) return wanted === level
  if (first && level.startsWith('$') && (wanted === '*' || wanted === '**')) return false
  if (wanted === '**') return true
  return (wanted === level || (wanted === '*' && level !== '**')) && within(outerRest, innerRest, false)
}

describe('the dispatcher', () => {
  it('does what the guarantees say, whatever listeners do while they are called', () => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 10, maxLength: 120 }), plan => {
        const { log, errors, failed, delivered } = onHub(plan)
        expect(log).toEqual(onModel(plan))
        expect(errors).toBe(failed)
        expect(delivered).toBe(log.filter(line => line.includes(' hears ')).length)
      }),
      { numRuns: 500 },
    )
  })
})
