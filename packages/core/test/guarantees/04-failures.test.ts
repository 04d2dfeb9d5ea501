import { describe, expect, it } from 'vitest'
import { createHub, EarshotError, type Message, type Session } from '@earshot/core'
import { runMicrotasks } from '../../src/testing/test-clock.ts'

function listening(): { session: Session; errors: EarshotError[] } {
  const errors: EarshotError[] = []
  return { session: createHub({ onError: error => errors.push(error) }).openSession(), errors }
}

describe('guarantee 4: a listener that fails affects nobody', () => {
  it('lets the others and the publisher go on when a listener throws', () => {
    const { session, errors } = listening()
    const heard: unknown[] = []
    session.subscribe('a', message => heard.push(message.data))
    session.subscribe('a', () => {
      throw new Error('broken')
    })
    session.subscribe('a', message => heard.push(message.data))
    expect(session.publish('a', 1).listeners).toBe(3)
    expect(heard).toEqual([1, 1])
    expect(errors).toHaveLength(1)
  })

  it('tells the topic, the subscription and the cause, once', () => {
    const { session, errors } = listening()
    const cause = new TypeError('broken')
    const subscription = session.subscribe('a/*', () => {
      throw cause
    })
    session.publish('a/b', 1)
    expect(errors.map(({ code, details, cause }) => ({ code, details, cause }))).toEqual([
      { code: 'listener-failed', details: { topic: 'a/b', subscription }, cause },
    ])
    expect(errors[0]?.message).toBe('A listener of a/* failed on "a/b": broken')
  })

  it('tells of errors that the app hands in as of its own, wrapped if need be', () => {
    const { session, errors } = listening()
    const own = new EarshotError('timeout', 'Too late')
    session.hub.report(own)
    session.hub.report(new TypeError('broken'))
    expect(errors[0]).toBe(own)
    expect(errors[1]).toMatchObject({ code: 'listener-failed', cause: new TypeError('broken') })
  })

  it('leaves the listener subscribed', () => {
    const { session, errors } = listening()
    const subscription = session.subscribe('a', () => {
      throw new Error('broken')
    })
    session.publish('a', 1)
    session.publish('a', 2)
    expect(errors).toHaveLength(2)
    expect(subscription.active).toBe(true)
  })

  it('does the same for a rejection, once', async () => {
    const { session, errors } = listening()
    const subscription = session.subscribe('a', async ({ data }) => {
      await undefined
      if (data === 1) throw new Error('late')
    })
    session.publish('a', 1)
    session.publish('a', 2)
    expect(errors).toEqual([])
    await runMicrotasks()
    expect(errors.map(error => error.message)).toEqual(['A listener of a failed on "a": late'])
    expect(errors[0]?.details).toEqual({ topic: 'a', subscription })
    expect(subscription.active).toBe(true)
  })

  it('takes anything with a then for async', async () => {
    const { session, errors } = listening()
    session.subscribe('a', () => ({ then: (_done: unknown, failed: (error: unknown) => void) => failed('thenable') }))
    session.subscribe('a', () => ({ then: 'no function' }))
    session.subscribe('a', () => ({
      get then() {
        throw new Error('getter')
      },
    }))
    session.subscribe('a', () => null)
    session.publish('a', 1)
    await runMicrotasks()
    expect(errors.map(error => error.cause)).toEqual(['thenable', new Error('getter')])
  })

  it.each([undefined, null, 0, '', Symbol('odd'), { odd: true }, Object.create(null)])('reports whatever is thrown: %o', thrown => {
    const { session, errors } = listening()
    session.subscribe('a', () => {
      throw thrown
    })
    session.publish('a', 1)
    expect(errors).toHaveLength(1)
    expect(errors[0]?.cause).toBe(thrown)
  })

  it('holds when several fail in a row, and for messages that wait', () => {
    const { session, errors } = listening()
    const heard: unknown[] = []
    const fail = (message: Message): never => {
      if (message.data === 1) session.publish('a', 2)
      throw new Error(String(message.data))
    }
    session.subscribe('a', fail)
    session.subscribe('*', fail)
    session.subscribe('a', message => heard.push(message.data))
    session.publish('a', 1)
    expect(heard).toEqual([1, 2, 2])
    expect(errors.map(error => String(error.cause))).toEqual(['Error: 1', 'Error: 1', 'Error: 2', 'Error: 2', 'Error: 2', 'Error: 2'])
  })

  it('lets an error listener publish, subscribe and fail itself', () => {
    const hub = createHub()
    const session = hub.openSession()
    const heard: string[] = []
    hub.on('error', error => {
      session.publish('errors', error.code)
    })
    session.subscribe('errors', message => heard.push(String(message.data)))
    session.subscribe('a', () => {
      throw new Error('broken')
    })
    session.subscribe('a', () => heard.push('next'))
    session.publish('a', 1)
    expect(heard).toEqual(['next', 'listener-failed'])
  })

  it('covers broadcasts, and names them', () => {
    const { session, errors } = listening()
    session.onBroadcast(() => {
      throw new Error('broken')
    })
    session.broadcast(1)
    expect(errors[0]?.message).toContain('A listener of broadcasts failed')
  })
})
