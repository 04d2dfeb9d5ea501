import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHub, type Subscription } from '@earshot/core'
import { matchesNaively, patterns, topics } from '../topic/oracle.ts'

type Step = { kind: 'subscribe'; patterns: string[] } | { kind: 'unsubscribe'; which: number } | { kind: 'publish'; topic: string }

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('subscribe' as const), patterns: fc.array(patterns, { minLength: 1, maxLength: 3 }) }),
    fc.record({ kind: fc.constant('unsubscribe' as const), which: fc.nat(20) }),
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('publish' as const), topic: topics.filter(topic => !topic.startsWith('$')) }) },
  ),
  { maxLength: 60 },
)

interface Entry {
  id: number
  patterns: string[]
  subscription: Subscription
}

/** Runs the steps against a hub and a list that is searched from end to end. */
function compare(script: readonly Step[], cache: number): void {
  const hub = createHub({ cache })
  const session = hub.openSession()
  let heard: number[] = []
  let entries: Entry[] = []
  for (const [id, step] of script.entries()) {
    if (step.kind === 'subscribe') {
      entries.push({ id, patterns: step.patterns, subscription: session.subscribe(step.patterns, () => heard.push(id)) })
    } else if (step.kind === 'unsubscribe') {
      const entry = entries[step.which % (entries.length || 1)]
      entry?.subscription.unsubscribe()
      entries = entries.filter(each => each !== entry)
    } else {
      const expected = entries.filter(entry => entry.patterns.some(pattern => matchesNaively(pattern.split('/'), step.topic.split('/')))).map(({ id }) => id)
      expect(hub.hasSubscribers(step.topic)).toBe(expected.length > 0)
      expect(session.publish(step.topic, id).listeners).toBe(expected.length)
      expect(heard).toEqual(expected)
      heard = []
    }
  }
  const kept = new Set(entries.flatMap(entry => entry.patterns))
  const within = [...kept].filter(pattern => !pattern.startsWith('$'))
  expect(hub.topics().sort()).toEqual(within.sort())
  for (const pattern of kept) expect(hub.count(pattern)).toEqual({ [pattern]: entries.filter(entry => entry.patterns.includes(pattern)).length })
}

describe('the routes of a hub', () => {
  it.each([0, 1, 3, 4096])('agree with the naive oracle with %i places in the cache', cache => {
    fc.assert(fc.property(steps, script => compare(script, cache)), { numRuns: 150 })
  })

  it('survive many more topics than the cache has places, over and over', () => {
    const hub = createHub({ cache: 8 })
    const session = hub.openSession()
    let heard = 0
    session.subscribe('t/*', () => heard++)
    const late: Subscription[] = []
    for (let round = 0; round < 5; round++) {
      // More than sixteen misses a place: the cache starts afresh again and again.
      for (let i = 0; i < 50; i++) expect(session.publish(`t/${i}`, 1).listeners).toBe(1 + (i === 7 ? round : 0))
      late.push(session.subscribe('t/7', () => heard++))
    }
    expect(heard).toBe(5 * 50 + 0 + 1 + 2 + 3 + 4)
    for (const each of late) each.unsubscribe()
    expect(session.publish('t/7', 1).listeners).toBe(1)
  })

  it('count each topic that the cache has in one place, whatever became of the others', () => {
    const hub = createHub({ cache: 4 })
    const session = hub.openSession()
    session.subscribe('t/*', () => {})
    for (let round = 0; round < 5; round++) for (let i = 0; i < 12; i++) session.publish(`t/${i}`, 1)
    expect([0, 3].map(i => hub.stats(`t/${i}`))).toEqual([0, 3].map(() => ({ published: 5, dropped: 0 })))
    session.subscribe('t/0', () => {})
    session.subscribe('*/0', () => {})
    expect(session.publish('t/0', 1).listeners).toBe(3)
    expect(hub.stats('t/0').published).toBe(6)
  })

  it('keep topics apart that objects know as something else', () => {
    const session = createHub().openSession()
    const heard: string[] = []
    for (const name of ['constructor', '__proto__', 'hasOwnProperty']) session.subscribe(name, message => heard.push(message.topic))
    for (const name of ['constructor', '__proto__', 'hasOwnProperty', 'toString']) session.publish(name, 1)
    expect(heard).toEqual(['constructor', '__proto__', 'hasOwnProperty'])
  })
})
