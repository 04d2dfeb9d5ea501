import { describe, expect, it } from 'vitest'
import { createHub, EarshotError, type Transport } from '@earshot/core'
import { runMicrotasks, testClock } from '../../src/testing/test-clock.ts'
import { rejection } from '../support/refusal.ts'
import { stubTransport } from '../support/stub-transport.ts'

/** A transport whose acceptance is settled by hand. */
function pendingTransport() {
  const outcomes: { accept: (value: { offset?: number }) => void; refuse: (error: unknown) => void }[] = []
  const transport: Transport = stubTransport({ publish: () => new Promise((accept, refuse) => outcomes.push({ accept, refuse })) })
  const errors: unknown[] = []
  const clock = testClock()
  const hub = createHub({ transport, clock, onError: error => errors.push(error) })
  return { hub, clock, outcomes, errors }
}

const refused = new EarshotError('forbidden', 'Not you')

describe('a receipt', () => {
  it('without a transport is accepted at once, under the id of the message', async () => {
    const session = createHub().openSession()
    const ids: string[] = []
    session.subscribe('a', message => ids.push(message.id))
    const receipt = session.publish('a', 1)
    expect(await receipt).toEqual({ id: ids[0] })
    expect(await receipt).toEqual({ id: ids[0] })
    expect(ids[0]).toContain(session.id)
  })

  it('has the message, as listeners get it, refused or not', async () => {
    const { hub, outcomes } = pendingTransport()
    const heard: unknown[] = []
    hub.subscribe('a', message => heard.push(message))
    const receipt = hub.publish('a', 1)
    outcomes[0]?.refuse(refused)
    await rejection(receipt, 'forbidden')
    expect(receipt.message).toBe(heard[0])
  })

  it('resolves with the place in the log that the transport tells', async () => {
    const { hub, outcomes } = pendingTransport()
    const receipt = hub.publish('a', 1)
    outcomes[0]?.accept({ offset: 7 })
    expect(await receipt).toMatchObject({ offset: 7 })
  })

  it('rejects with the refusal when somebody waits, and error hears nothing', async () => {
    const { hub, outcomes, errors } = pendingTransport()
    const caught = rejection(hub.publish('a', 1), 'forbidden')
    outcomes[0]?.refuse(refused)
    expect(await caught).toBe(refused)
    await runMicrotasks()
    expect(errors).toEqual([])
  })

  it('tells error of a refusal that nobody waits for, once', async () => {
    const { hub, outcomes, errors } = pendingTransport()
    hub.publish('a', 1)
    outcomes[0]?.refuse(refused)
    await runMicrotasks()
    expect(errors).toEqual([refused])
  })

  it('that is awaited on the spot is not told to error, even if it was refused at once', async () => {
    const errors: unknown[] = []
    const hub = createHub({ transport: stubTransport({ publish: () => Promise.reject(refused) }), onError: error => errors.push(error) })
    expect(await rejection(hub.publish('a', 1))).toBe(refused)
    await runMicrotasks()
    expect(errors).toEqual([])
    hub.publish('a', 1)
    await runMicrotasks()
    expect(errors).toEqual([refused])
  })

  it('leaves no unhandled rejection, awaited or not', async () => {
    const unhandled: unknown[] = []
    const hear = (reason: unknown): number => unhandled.push(reason)
    process.on('unhandledRejection', hear)
    const { hub, outcomes, errors } = pendingTransport()
    hub.publish('a', 1)
    hub.publish('a', 2, { timeout: 10 })
    const awaited = rejection(hub.publish('a', 3))
    for (const outcome of outcomes) outcome.refuse(refused)
    await awaited
    await new Promise(resolve => setImmediate(resolve))
    process.off('unhandledRejection', hear)
    expect(unhandled).toEqual([])
    expect(errors).toEqual([refused, refused])
  })

  it('can be waited for again later, with the same outcome', async () => {
    const { hub, outcomes } = pendingTransport()
    const receipt = hub.publish('a', 1)
    outcomes[0]?.accept({ offset: 1 })
    const first = await receipt
    expect(await receipt).toEqual(first)
    expect(await receipt.then(({ offset }) => offset)).toBe(1)
  })

  it('gives up by its signal, with the reason as the cause', async () => {
    const { hub, outcomes } = pendingTransport()
    const controller = new AbortController()
    const caught = rejection(hub.publish('a', 1, { signal: controller.signal }), 'aborted')
    const reason = new Error('changed my mind')
    controller.abort(reason)
    expect((await caught).cause).toBe(reason)
    outcomes[0]?.accept({})
  })

  it('with a signal that has fired publishes nothing at all', async () => {
    const transport = stubTransport()
    const hub = createHub({ transport })
    const heard: unknown[] = []
    hub.subscribe('a', message => heard.push(message))
    await rejection(hub.publish('a', 1, { signal: AbortSignal.abort() }), 'aborted')
    expect([heard, transport.published, hub.stats().published]).toEqual([[], [], 0])
  })

  it('gives up after its timeout, and keeps no timer when it was accepted in time', async () => {
    const { hub, clock, outcomes } = pendingTransport()
    const caught = rejection(hub.publish('a', 1, { timeout: 100 }), 'timeout')
    const accepted = Promise.resolve(hub.publish('a', 2, { timeout: 100 }))
    outcomes[1]?.accept({})
    await accepted
    expect(clock.pending).toBe(1)
    await clock.advance(100)
    expect((await caught).message).toContain('100 ms')
    expect(clock.pending).toBe(0)
  })

  it('counts the listeners that the message was for', () => {
    const hub = createHub()
    const [ada, bob] = [hub.openSession({ userId: 'ada' }), hub.openSession({ userId: 'bob' })]
    for (const session of [ada, ada, bob, hub]) session.subscribe('a', () => {})
    expect(ada.publish('a', 1).listeners).toBe(4)
    expect(ada.publish('a', 1, { echo: false }).listeners).toBe(2)
    expect(hub.publish('a', 1, { to: 'ada' }).listeners).toBe(2)
    expect(hub.publish('a', 1, { to: ['ada', 'bob', 'ada'] }).listeners).toBe(3)
    expect(hub.publish('a', 1, { to: [] }).listeners).toBe(0)
    expect(ada.publish('a', 1, { to: 'ada', echo: false }).listeners).toBe(0)
    expect(ada.broadcast(1).listeners).toBe(0)
  })

  it('counts nobody for a kept message that an ordered transport will bring back', () => {
    const hub = createHub({ transport: stubTransport({ ordered: true }) })
    const heard: unknown[] = []
    hub.subscribe('a', message => heard.push(message.data))
    expect(hub.publish('a', 'kept').listeners).toBe(0)
    expect(hub.publish('a', 'volatile', { volatile: true }).listeners).toBe(1)
    expect(heard).toEqual(['volatile'])
  })
})
