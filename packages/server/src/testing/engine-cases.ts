import { isEarshotError } from '@earshot/core'
import { formatPosition, parsePosition } from '@earshot/core/protocol'
import type { LogEntry } from '../engine/engine.ts'
import { dataOf, Log, ok, publication, same, type TestEngine } from './engine-log.ts'

/** What an engine should keep; what is left out should be plenty. */
export interface EngineBounds {
  /** Messages of a topic. */
  readonly messages?: number
  /** Topics that are remembered. */
  readonly topics?: number
  /** Characters of encoded messages, over all topics. */
  readonly size?: number
  /** Milliseconds. */
  readonly age?: number
  /** Topics whose value is kept. */
  readonly retained?: number
}

/** How an engine under test is made: anew for each case. */
export type CreateEngine = (bounds: EngineBounds) => TestEngine | Promise<TestEngine>

/** One case: its name as a sentence, and what runs it and throws when the engine fails it. */
export type EngineCase = readonly [name: string, run: () => Promise<void>]

/** What every engine must do, as cases for any test runner: `for (const [name, run] of engineCases(create)) it(name, run)`. */
export function engineCases(create: CreateEngine): EngineCase[] {
  const one = (name: string, bounds: EngineBounds, check: (log: Log) => Promise<void>): EngineCase => [
    name,
    async () => {
      const log = new Log(await create(bounds))
      await check(log)
      await log.engine.close()
    },
  ]
  return [...orderCases(one), ...pageCases(one), ...pastCases(one), ...lossCases(one), ...valueCases(one), ...endCases(one, create)]
}

type One = (name: string, bounds: EngineBounds, check: (log: Log) => Promise<void>) => EngineCase

function orderCases(one: One): EngineCase[] {
  return [
    one('gives offsets in one order over all topics, and tells of every entry in it', {}, async log => {
      same(log.engine.head, 0, 'the head of an empty log')
      for (const topic of ['a', 'b', 'a', '', 'a/b']) await log.append(topic)
      same(log.offsets(log.appended), [1, 2, 3, 4, 5], 'the offsets told')
      same(log.appended.map(entry => entry.topic), ['a', 'b', 'a', '', 'a/b'], 'the topics told')
      same(log.engine.head, 5, 'the head')
    }),
    one('keeps the order of what is appended at once', {}, async log => {
      const entries = await Promise.all(Array.from({ length: 50 }, (_, index) => log.append(index % 2 ? 'odd' : 'even', { data: index })))
      await log.settle()
      same(log.offsets(log.appended), log.offsets(entries).sort((x, y) => x - y), 'the offsets told')
      same(new Set(log.offsets(entries)).size, 50, 'the number of offsets')
      same(dataOf(await log.all()), Array.from({ length: 50 }, (_, index) => index), 'the order')
    }),
    one('encodes a message as clients get it', {}, async log => {
      const publication = { from: 'ada1', tag: 'doc', clock: 7, time: 1767225600000, userId: 'ada', data: { text: 'ü', list: [0, '', null, false] } }
      const entry = await log.append('rooms/1', publication)
      same(JSON.parse(entry.text), ['rooms/1', 'ada1', 'doc', 7, 1767225600000, 'ada', 1, { text: 'ü', list: [0, '', null, false] }], 'the message')
      same(await log.all(), [entry], 'what is kept')
    }),
    one('keeps whom a message is for, and whom it is not for', {}, async log => {
      const entry = await log.append('t', { to: ['ada', 'bob'], except: 'cem1' })
      same([entry.to, entry.except], [['ada', 'bob'], 'cem1'], 'the entry')
      const [kept] = await log.all()
      same([kept?.to, kept?.except], [['ada', 'bob'], 'cem1'], 'what is kept')
    }),
    one('sends volatile messages around the log', {}, async log => {
      await log.append('t')
      log.engine.pass(publication('t', { data: 'now' }))
      await log.settle()
      same(log.passed.map(entry => [entry.topic, entry.offset, dataOf([entry])[0]]), [['t', 0, 'now']], 'what went past')
      same([log.engine.head, (await log.all()).length, log.appended.length], [1, 1, 1], 'what became of the log')
    }),
    one('names its life so that a position can hold it', {}, async log => {
      const position = { epoch: log.engine.epoch, offset: 3 }
      same(parsePosition(formatPosition(position)), position, 'the position')
    }),
  ]
}

function pageCases(one: One): EngineCase[] {
  return [
    one('gives pages in order, from a place to the head', {}, async log => {
      for (let index = 0; index < 10; index++) await log.append(`t/${index % 3}`, { data: index })
      const { entries, offset } = await log.page({ after: 0, limit: 4 })
      same([dataOf(entries), offset], [[0, 1, 2, 3], 4], 'the first page')
      same(dataOf(await log.all({ after: 4, limit: 4 })), [4, 5, 6, 7, 8, 9], 'what came later')
      same(await log.page({ after: 10 }), { entries: [], offset: 10 }, 'a page at the head')
    }),
    one('bounds a page by its size, and gives one entry however large', {}, async log => {
      for (const length of [10, 10, 1000, 10, 10]) await log.append('t', { data: 'x'.repeat(length) })
      const size = ((await log.all())[0]?.text.length ?? 0) * 2
      const pages: number[][] = []
      for (let after = 0; after < log.engine.head; ) {
        const { entries, offset } = await log.page({ after, size })
        pages.push(log.offsets(entries))
        after = offset
      }
      same(pages, [[1, 2], [3], [4, 5]], 'the pages')
    }),
    one('picks the entries that are wanted, and says how far it has looked', {}, async log => {
      for (let index = 0; index < 20; index++) await log.append(index % 5 ? 'other' : 'mine', { data: index })
      const wants = (entry: LogEntry): boolean => entry.topic === 'mine'
      const { entries, offset } = await log.page({ after: 1, limit: 2, wants })
      same(dataOf(entries), [5, 10], 'the first page')
      ok(offset >= 11 && offset < 16, `it has looked up to 11, and not past 16: ${offset}`)
      same(dataOf(await log.all({ after: offset, wants })), [15], 'the rest')
      same(await log.all({ wants: () => false }), [], 'what nobody wants')
    }),
  ]
}

function pastCases(one: One): EngineCase[] {
  const fill = async (log: Log): Promise<void> => {
    for (const [index, topic] of ['a/1', 'a/2', 'b', 'a/1', '', '$sys/a', 'a/1/x', 'a/2', 'b'].entries()) await log.append(topic, { data: index + 1 })
  }
  const past = (name: string, patterns: string[], request: { limit?: number; before?: number }, expected: number[]): EngineCase =>
    one(name, {}, async log => {
      await fill(log)
      const { limit = 100, before } = request
      same(dataOf(await log.engine.past({ patterns, limit, before, wants: () => true })), expected, 'the past')
    })
  return [
    past('gives the past of a topic, oldest first', ['a/1'], {}, [1, 4]),
    past('gives the last of it', ['a/1'], { limit: 1 }, [4]),
    past('gives what came before an offset', ['a/1'], { before: 4 }, [1]),
    past('gives the last before an offset', ['a/*'], { limit: 2, before: 8 }, [2, 4]),
    past('gives the past of a wildcard for one level', ['a/*'], {}, [1, 2, 4, 8]),
    past('gives the past of a wildcard for all levels, without broadcasts and what begins with $', ['**'], {}, [1, 2, 3, 4, 7, 8, 9]),
    past('gives the past of what begins with $ to who asks for it by name', ['$sys/**'], {}, [6]),
    past('gives each entry once, whatever patterns it is on', ['a/1', 'a/**', 'b', '*'], {}, [1, 2, 3, 4, 7, 8, 9]),
    past('gives the past of a topic that nobody published to', ['nobody/here'], {}, []),
    past('gives nothing when nothing is asked for', ['a/1'], { limit: 0 }, []),
    one('gives of the past only what is wanted, up to the limit', {}, async log => {
      await fill(log)
      const wants = (entry: LogEntry): boolean => entry.offset % 2 === 0
      same(dataOf(await log.engine.past({ patterns: ['**'], limit: 2, wants })), [4, 8], 'the past')
    }),
  ]
}

function lossCases(one: One): EngineCase[] {
  const evicting = (name: string, bounds: EngineBounds, fill: (log: Log) => Promise<void>, kept: number): EngineCase =>
    one(name, bounds, async log => {
      await fill(log)
      const left = await log.all()
      ok(left.length <= kept, `${left.length} entries are kept instead of ${kept} at most`)
      ok(left.length > 0, 'nothing is kept at all')
      await log.checkLosses()
    })
  return [
    one('has lost nothing as long as everything is kept', {}, async log => {
      for (let index = 0; index < 30; index++) await log.append(`t/${index % 3}`)
      for (const pattern of ['t/0', 't/*', '**', 'nobody/here', '']) same(await log.lost(pattern, 0), [], `what ${pattern} has lost`)
    }),
    one('names a topic that has lost something later than an offset, and no other', { messages: 2 }, async log => {
      for (const topic of ['a/1', 'a/2', 'a/1', 'a/1', 'b', 'a/1']) await log.append(topic)
      const lost = (pattern: string, after: number): Promise<unknown> => log.lost(pattern, after)
      // Of a/1 the entries at 1 and 3 are gone; those at 4 and 6 are kept.
      same([await lost('a/1', 0), await lost('a/1', 2), await lost('a/1', 3)], [[['a/1', 3]], [['a/1', 3]], []], 'what the topic has lost')
      same([await lost('a/2', 0), await lost('b', 0), await lost('nobody', 0)], [[], [], []], 'what other topics have lost')
      same([await lost('a/*', 0), await lost('**', 2), await lost('a/*', 3)], [[['a/1', 3]], [['a/1', 3]], []], 'what wildcards have lost')
      same([await lost('*', 0), await lost('b/**', 0)], [[], []], 'what other wildcards have lost')
    }),
    evicting('tells what was lost by count', { messages: 3 }, log => log.fill(40, 4), 12),
    evicting('tells what was lost by size', { size: 2000 }, log => log.fill(60, 4, 50), 25),
    evicting('tells what was lost by age', { age: 1000 }, async log => {
      await log.fill(20, 4)
      await log.advance(600)
      await log.fill(10, 2)
      await log.advance(600)
    }, 10),
    evicting('tells what was lost with topics that are forgotten', { topics: 3 }, log => log.fill(30, 10), 9),
    evicting('tells what was lost by all of these together', { messages: 2, topics: 4, size: 2000, age: 1000 }, async log => {
      for (let round = 0; round < 5; round++) {
        await log.fill(20, 7, 20)
        await log.advance(300)
      }
    }, 8),
    one('remembers what a topic has lost when it is published to again', { topics: 2 }, async log => {
      for (const topic of ['a', 'b', 'c', 'a']) await log.append(topic)
      ok((await log.lost('a', 0)).length > 0, 'the entry at 1 is lost')
      await log.checkLosses()
    }),
    one('ages while nobody publishes', { age: 1000 }, async log => {
      await log.append('t')
      await log.advance(1001)
      same([await log.all(), await log.lost('t', 0), await log.lost('t', 1)], [[], [['t', 1]], []], 'what is left')
    }),
  ]
}

function valueCases(one: One): EngineCase[] {
  const value = (log: Log, patterns = ['v'], before?: number): Promise<unknown[]> => log.past(patterns, { limit: 1, before })
  return [
    one('keeps the value of a topic apart from its history', { messages: 2 }, async log => {
      await log.append('v', { data: 'value', retain: true })
      for (const data of [1, 2, 3]) await log.append('v', { data })
      same(await log.past(['v'], { limit: 10 }), ['value', 2, 3], 'the past of the topic')
      same(await log.past(['v'], { limit: 2 }), [2, 3], 'the last of it')
      same(dataOf(await log.all()), [2, 3], 'what a page gives')
      same(await log.past(['v'], { limit: 10, before: 1 }), [], 'what came before the value')
      same(dataOf(await log.engine.past({ patterns: ['v'], limit: 10, wants: entry => entry.offset > 1 })), [2, 3], 'what is wanted')
      same(await log.past(['*'], { limit: 10 }), [2, 3], 'the past of a wildcard')
    }),
    one('gives a value once while it is in the history, too', {}, async log => {
      await log.append('v', { data: 'value', retain: true })
      await log.append('v', { data: 1 })
      same(await log.past(['v'], { limit: 10 }), ['value', 1], 'the past of the topic')
    }),
    one('replaces a value by the next', { age: 1000 }, async log => {
      for (const data of ['first', 'second']) await log.append('v', { data, retain: true })
      await log.advance(2000)
      same(await value(log), ['second'], 'the value')
      await log.append('v', { data: null, retain: true })
      await log.advance(2000)
      same(await value(log), [null], 'the value after null')
    }),
    one('keeps values when history goes by size, by age and with forgotten topics', { size: 500, age: 1000, topics: 1 }, async log => {
      await log.append('v', { data: 'value', retain: true })
      await log.fill(50, 5, 20)
      await log.advance(5000)
      same(await value(log), ['value'], 'the value')
    }),
    one('refuses a value that is for some users only, and keeps the one that there is', {}, async log => {
      await log.append('v', { data: 'everybody', retain: true })
      const refused = await log.append('v', { data: 'ada', retain: true, to: ['ada'] }).then(
        () => undefined,
        (error: unknown) => isEarshotError(error) && error.code,
      )
      same([refused, await value(log), log.engine.head], ['invalid-options', ['everybody'], 1], 'what became of it')
    }),
    one('bounds values by their own number, the oldest go first', { retained: 2, messages: 1 }, async log => {
      for (const topic of ['a', 'b', 'a', 'c']) await log.append(topic, { data: topic, retain: true })
      for (const topic of ['a', 'b', 'c']) await log.append(topic, { data: 'later' })
      const values = await Promise.all(['a', 'b', 'c'].map(topic => log.past([topic], { limit: 2 })))
      same(values, [['a', 'later'], ['later'], ['c', 'later']], 'the values')
    }),
  ]
}

function endCases(one: One, create: CreateEngine): EngineCase[] {
  return [
    one('begins another life with another log', {}, async log => {
      const { engine } = await create({})
      ok(engine.epoch !== log.engine.epoch, `both are called ${engine.epoch}`)
      await engine.close()
    }),
    one('takes nothing and tells nothing once it is closed, however often', {}, async log => {
      await log.append('t')
      await log.engine.close()
      await log.engine.close()
      const refused = await log.append('t').then(
        () => false,
        () => true,
      )
      log.engine.pass(publication('t', {}))
      await log.settle()
      same([refused, log.appended.length, log.passed.length], [true, 1, 0], 'what was refused, and what was told')
    }),
  ]
}
