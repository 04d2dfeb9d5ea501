import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createHub, type EarshotError, type StandardSchema } from '@earshot/core'
import { runMicrotasks } from '../../src/testing/test-clock.ts'
import { refusal } from '../support/refusal.ts'
import { stubTransport } from '../support/stub-transport.ts'

const libraries: [string, StandardSchema][] = [
  ['zod', z.object({ items: z.array(z.object({ price: z.string().transform(Number) })) })],
  ['valibot', v.object({ items: v.array(v.object({ price: v.pipe(v.string(), v.transform(Number)) })) })],
  ['arktype', type({ items: type({ price: 'string.numeric.parse' }).array() })],
]

/** A schema that accepts everything and says who was asked. */
function naming(name: string): StandardSchema {
  return { '~standard': { version: 1, vendor: 'test', validate: () => ({ value: name }) } }
}

describe('schemas', () => {
  it.each(libraries)('of %s: publish takes the input, listeners get the output', (_name, schema) => {
    const session = createHub({ topics: { 'orders/*': schema } }).openSession()
    const heard: unknown[] = []
    session.subscribe('orders/1', message => heard.push(message.data))
    session.publish('orders/1', { items: [{ price: '42' }] })
    expect(heard).toEqual([{ items: [{ price: 42 }] }])
  })

  it.each(libraries)('of %s: bad data is refused with the path, and heard by nobody', (_name, schema) => {
    const hub = createHub({ topics: { 'orders/*': schema } })
    const session = hub.openSession()
    const heard: unknown[] = []
    session.subscribe('**', message => heard.push(message))
    const before = hub.stats()
    const error = refusal(() => session.publish('orders/1', { items: [{ price: '1' }, { price: 5 }] }), 'invalid-data')
    expect(error.details).toMatchObject({ topic: 'orders/1', path: 'items.1.price' })
    expect(error.details.issues?.length).toBeGreaterThan(0)
    expect(error.message).toMatch(/^Data for "orders\/1" is refused at items\.1\.price: ./)
    expect([heard, hub.stats()]).toEqual([[], before])
  })

  it('validate once, and the input is what travels', () => {
    let calls = 0
    const schema: StandardSchema<string, number> = {
      '~standard': { version: 1, vendor: 'test', validate: value => (calls++, { value: Number(value) }) },
    }
    const transport = stubTransport()
    const hub = createHub({ topics: { a: schema }, transport })
    const heard: unknown[] = []
    for (const session of [hub.openSession(), hub.openSession()]) session.subscribe('a', message => heard.push(message.data))
    hub.publish('a', '7')
    expect([calls, heard, transport.published]).toEqual([1, [7, 7], ['7']])
  })

  it('drop, count and report a message from outside that they refuse', () => {
    const transport = stubTransport()
    const errors: EarshotError[] = []
    const hub = createHub({ topics: { a: z.string() }, transport, onError: error => errors.push(error) })
    const heard: unknown[] = []
    hub.openSession().subscribe('a', message => heard.push(message.data))
    const remote = { topic: 'a', from: 'far', time: 0, clock: 1, key: 'far.1' }
    transport.link?.deliver({ ...remote, data: 5 })
    transport.link?.deliver({ ...remote, data: 'fine' })
    expect(heard).toEqual(['fine'])
    expect(errors.map(error => error.code)).toEqual(['invalid-data'])
    expect(hub.stats().dropped).toBe(1)
    expect(hub.stats('a').dropped).toBe(1)
  })

  it.each([
    ['a/b/c', 'a/b/c'],
    ['a/b/x', 'a/b/*'],
    ['a/x/c', 'a/*/c'],
    ['a/x/x', 'a/*/*'],
    ['a/x', 'a/**'],
    ['a/x/x/x', 'a/**'],
    ['x/b/c', '*/b/c'],
    ['x/b/x', '**'],
    ['x', '**'],
  ])('of the most specific pattern decide: %s by %s', (topic, pattern) => {
    const patterns = ['**', '*/b/c', 'a/**', 'a/*/*', 'a/*/c', 'a/b/*', 'a/b/c']
    for (const order of [patterns, [...patterns].reverse()]) {
      const session = createHub({ topics: Object.fromEntries(order.map(each => [each, naming(each)])) }).openSession()
      const heard: unknown[] = []
      session.subscribe(topic, message => heard.push(message.data))
      session.publish(topic, 'x')
      expect(heard).toEqual([pattern])
    }
  })

  it('are not asked about topics that none of them covers', () => {
    const hub = createHub({ topics: { 'a/*': naming('a') } })
    const heard: unknown[] = []
    hub.subscribe('a/*', message => heard.push(message.data))
    const broadcasts: unknown[] = []
    hub.onBroadcast(message => broadcasts.push(message.data))
    hub.broadcast('as it is')
    expect([heard, broadcasts]).toEqual([[], ['as it is']])
  })

  it.each<[string, StandardSchema]>([
    ['zod', z.string().refine(async () => true)],
    ['valibot', v.pipeAsync(v.string(), v.checkAsync(async () => true))],
    ['a rejection', { '~standard': { version: 1, vendor: 'test', validate: () => Promise.reject(new Error('late')) } }],
  ])('that are asynchronous are unsupported: %s', async (_name, schema) => {
    const unhandled: unknown[] = []
    const hear = (reason: unknown): number => unhandled.push(reason)
    process.on('unhandledRejection', hear)
    const hub = createHub({ topics: { a: schema } })
    expect(refusal(() => hub.publish('a', 'x'), 'unsupported').message).toContain('give a synchronous one')
    await runMicrotasks()
    await new Promise(resolve => setImmediate(resolve))
    process.off('unhandledRejection', hear)
    expect(unhandled).toEqual([])
    expect(hub.stats().published).toBe(0)
  })

  it('check shared state, too', () => {
    const session = createHub({ topics: { theme: z.enum(['light', 'dark']) } }).openSession()
    const theme = session.state('theme', 'light')
    refusal(() => session.publish('theme', JSON.parse('"blue"')), 'invalid-data')
    theme.set('dark')
    expect(theme.get()).toBe('dark')
  })
})
