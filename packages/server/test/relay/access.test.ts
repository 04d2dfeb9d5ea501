import { covers, EarshotError } from '@earshot/core'
import { testClock } from '@earshot/core/testing'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { Access, type Authorize, type Decision } from '../../src/relay/access.ts'

const accessOf = (authorize: Authorize | undefined, clock = testClock()): Access => new Access(authorize, clock, 5000)
/** What only JavaScript can answer. */
const answering = (answer: unknown): Authorize => () => answer as Decision

describe('what a session may do', () => {
  it('is everything when nobody is asked', () => {
    const access = accessOf(undefined)
    for (const topic of ['a', '**', '', '$hub/x']) expect(access.granted('subscribe', topic)).toEqual([topic])
  })

  it.each<[what: string, topic: string, answer: unknown, granted: string[]]>([
    ['yes', 'rooms/1', true, ['rooms/1']],
    ['yes to a pattern', 'rooms/**', true, ['rooms/**']],
    ['yes to broadcasts', '', true, ['']],
    ['no', 'rooms/1', false, []],
    ['no to a pattern', '**', false, []],
    ['nothing within a pattern', '**', [], []],
    ['patterns within a pattern', 'rooms/**', ['rooms/1', 'rooms/*/open', 'rooms/**'], ['rooms/1', 'rooms/*/open', 'rooms/**']],
    ['patterns within the pattern of everything', '**', ['a', 'b/**', '*'], ['a', 'b/**', '*']],
    ['more than was asked for', 'rooms/*', ['**', 'rooms/**', 'rooms/1/secret', 'other/1', '*/1', 'rooms/1'], ['rooms/1']],
    ['what begins with $ for a wildcard that does not match it', '**', ['$hub/**', 'a'], ['a']],
    ['broadcasts for a wildcard', '**', ['', 'a'], ['a']],
    ['what is no pattern', '**', ['a//b', '**/a', 'a/**/b', '/', 'x'.repeat(600), 'a\n', 'good'], ['good']],
    ['what is no text', '**', [1, null, undefined, ['a'], { a: 1 }, 'good'], ['good']],
    ['a list that has the topic', 'rooms/1', ['other', 'rooms/1'], ['rooms/1']],
    ['a list that covers the topic', 'rooms/1', ['other/**', 'rooms/*'], ['rooms/1']],
    ['a list that covers what does not begin with $', '$hub/x', ['**', '*/x'], []],
    ['a list of others for a topic', 'rooms/1', ['rooms/2', 'rooms', 'rooms/1/*', 'rooms//1', '', null, ['rooms/1']], []],
    ['a list that has broadcasts', '', ['a', ''], ['']],
    ['a list of topics for broadcasts', '', ['**', '*', null], []],
    ['nothing at all', 'a', undefined, []],
    ['null', 'a', null, []],
    ['a text', 'a', 'yes', []],
    ['one', 'a', 1, []],
    ['an object', 'a', { allowed: true }, []],
    ['a function', 'a', () => true, []],
  ])('is what the answer grants, and never more: %s', async (_, topic, answer, granted) => {
    expect(await accessOf(answering(answer)).granted('subscribe', topic)).toEqual(granted)
    expect(await accessOf(answering(Promise.resolve(answer))).granted('subscribe', topic)).toEqual(granted)
    const thenable = { then: (resolve: (value: unknown) => void) => resolve(answer) }
    expect(await accessOf(answering(thenable)).granted('subscribe', topic)).toEqual(granted)
  })

  it('is within what was asked for, whatever is answered', () => {
    const levels = fc.array(fc.constantFrom('a', 'b', '*', '$s'), { minLength: 1, maxLength: 4 })
    const patterns = fc.tuple(levels, fc.boolean()).map(([parts, open]) => [...parts, ...(open ? ['**'] : [])].join('/'))
    fc.assert(
      fc.property(patterns, fc.array(fc.oneof(patterns, fc.string()), { maxLength: 6 }), (asked, answer) => {
        const granted = accessOf(() => answer).granted('subscribe', asked) as readonly string[]
        for (const pattern of granted) expect(covers(asked, pattern)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('is asked with user, action and topic', async () => {
    const authorize = vi.fn<Authorize>(() => true)
    const access = accessOf(authorize)
    await access.granted('publish', 'a')
    access.reset('ada')
    await access.granted('history', 'b/**')
    expect(authorize.mock.calls).toEqual([[{ user: null, action: 'publish', topic: 'a' }], [{ user: 'ada', action: 'history', topic: 'b/**' }]])
  })
})

describe('an answer', () => {
  it('is remembered for its action and topic', async () => {
    const authorize = vi.fn<Authorize>(({ topic }) => Promise.resolve(topic === 'a'))
    const access = accessOf(authorize)
    expect([await access.granted('publish', 'a'), await access.granted('publish', 'b')]).toEqual([['a'], []])
    // At once, without waiting.
    expect([access.granted('publish', 'a'), access.granted('publish', 'b')]).toEqual([['a'], []])
    expect(authorize).toHaveBeenCalledTimes(2)
    await access.granted('subscribe', 'a')
    expect(authorize).toHaveBeenCalledTimes(3)
  })

  it('tells actions and topics apart that look alike', async () => {
    const authorize = vi.fn<Authorize>(({ topic }) => topic === 'x')
    const access = accessOf(authorize)
    for (const topic of ['x', ' x', '__proto__', 'constructor']) await access.granted('publish', topic)
    expect(['x', ' x', '__proto__', 'constructor'].map(topic => access.granted('publish', topic))).toEqual([['x'], [], [], []])
    expect(authorize).toHaveBeenCalledTimes(4)
  })

  it('is forgotten when the token is renewed', async () => {
    let allowed = true
    const access = accessOf(() => allowed)
    expect(await access.granted('publish', 'a')).toEqual(['a'])
    allowed = false
    expect(await access.granted('publish', 'a')).toEqual(['a'])
    access.reset(null)
    expect(await access.granted('publish', 'a')).toEqual([])
  })

  it('is not remembered when the token was renewed before it came', async () => {
    const answers: ((decision: boolean) => void)[] = []
    const access = accessOf(() => new Promise<boolean>(resolve => answers.push(resolve)))
    access.reset('ada')
    const early = access.granted('publish', 'a')
    access.reset('ada')
    answers[0]?.(true)
    await early
    const late = access.granted('publish', 'a')
    answers[1]?.(false)
    expect(await late).toEqual([])
    expect(access.granted('publish', 'a')).toEqual([])
  })

  it('is not remembered when it is a failure', async () => {
    let fails = true
    const access = accessOf(() => {
      if (fails) throw new RangeError('no database')
      return true
    })
    expect(() => access.granted('publish', 'a')).toThrow('no database')
    fails = false
    expect(access.granted('publish', 'a')).toEqual(['a'])
    const rejecting = accessOf(() => (fails ? Promise.resolve(true) : Promise.reject(new EarshotError('forbidden', 'not you'))))
    await expect(rejecting.granted('publish', 'a')).rejects.toMatchObject({ code: 'forbidden' })
    fails = true
    expect(await rejecting.granted('publish', 'a')).toEqual(['a'])
  })

  it('has to come within its time', async () => {
    const clock = testClock()
    const answers: ((decision: boolean) => void)[] = []
    const access = accessOf(() => new Promise<boolean>(resolve => answers.push(resolve)), clock)
    const refused = Promise.resolve(access.granted('publish', 'a')).catch((error: unknown) => error)
    await clock.advance(5000)
    expect(await refused).toMatchObject({ code: 'timeout', message: 'authorize did not answer within 5000 ms' })
    answers[0]?.(true)
    await clock.advance(0)
    expect(access.granted('publish', 'a')).toBeInstanceOf(Promise)
    answers[1]?.(true)
    await clock.advance(0)
    expect(access.granted('publish', 'a')).toEqual(['a'])
    expect(clock.pending).toBe(0)
  })

  it('is forgotten with all others when there are a thousand', async () => {
    const authorize = vi.fn<Authorize>(() => true)
    const access = accessOf(authorize)
    for (let index = 0; index < 1000; index++) await access.granted('publish', `t/${index}`)
    await access.granted('publish', 't/0')
    expect(authorize).toHaveBeenCalledTimes(1000)
    await access.granted('publish', 't/1000')
    await access.granted('publish', 't/1000')
    expect(authorize).toHaveBeenCalledTimes(1001)
    await access.granted('publish', 't/0')
    expect(authorize).toHaveBeenCalledTimes(1002)
  })
})
