import { describe, expect, it } from 'vitest'
import { readSaid, type Said } from '../../src/mesh/items.ts'

const WRONG = [undefined, {}, [], -1, 1.5, 'a//b', true, Number.NaN] as const

/** An item, what it says, and for each field after the kind which of the wrong values happen to be right there. */
const ITEMS: readonly [item: readonly unknown[], said: Said, right: Readonly<Record<number, readonly unknown[]>>][] = [
  [['h', 5, ['x'], 'before'], { kind: 'hello', position: 5, items: ['x'], previous: 'before' }, { 2: [[]], 3: ['a//b'] }],
  [['w', 5, [], 1], { kind: 'welcome', position: 5, items: [], vouch: true }, { 2: [[]] }],
  [['b', 0], { kind: 'bye', persisted: false }, {}],
  [['s', 1, 'id', null, 'tag'], { kind: 'session', number: 1, id: 'id', userId: undefined, tag: 'tag' }, { 2: ['a//b'], 3: ['a//b'], 4: ['a//b'] }],
  [['e', 3], { kind: 'end', number: 3 }, {}],
  [['i', 1, 'rooms/*', 1], { kind: 'listen', number: 1, pattern: 'rooms/*', on: true }, {}],
  [['i', 1, '', 0], { kind: 'listen', number: 1, pattern: '', on: false }, {}],
  [['m', 1, 'room', { a: 1 }, 17, 2, 1], { kind: 'present', number: 1, topic: 'room', data: { a: 1 }, since: 17, clock: 2, here: true }, { 3: [...WRONG], 4: [-1, 1.5, Number.NaN] }],
  [
    ['p', 1, 't', 9, 17, 'hi', ['bob'], 0],
    { kind: 'publication', number: 1, topic: 't', clock: 9, time: 17, data: 'hi', to: ['bob'], volatile: false },
    { 4: [-1, 1.5, Number.NaN], 5: [{}, [], -1, 1.5, 'a//b', true, Number.NaN], 6: [[]] },
  ],
  [['?', 2, 4], { kind: 'missing', from: 2, to: 4 }, {}],
  [['r', 2, ['x']], { kind: 'again', from: 2, items: ['x'] }, { 2: [[]] }],
  [['x', 7], { kind: 'gone', first: 7 }, {}],
  [['q', 1, ['t'], 10, null, null], { kind: 'question', id: 1, patterns: ['t'], limit: 10, since: undefined, before: undefined }, { 2: [[]], 4: [...WRONG], 5: [...WRONG] }],
  [['q', 1, [], 0, [1, 'a', 'b', 't'], null], { kind: 'question', id: 1, patterns: [], limit: 0, since: { clock: 1, from: 'a', id: 'b', topic: 't' }, before: undefined }, { 2: [[]], 4: [...WRONG], 5: [...WRONG] }],
  [['a', 1, 5, [['a', null, 'k', 'x'], ['a', 7, 'k', 'x'], 'no'], 0], { kind: 'answer', id: 1, position: 5, records: [['a', null, 'k', 'x']], has: false }, { 3: [[]] }],
  [['t', 3], { kind: 'beat', ticks: 3 }, {}],
]

describe('reading what an item says', () => {
  it.each(ITEMS)('gives exactly what it says, as text or clone: %j', (item, said) => {
    expect(readSaid(item)).toEqual(said)
    expect(readSaid(JSON.stringify(item))).toEqual(said)
    expect(readSaid([...item, 'more', 'fields'])).toEqual(said)
  })

  it.each(ITEMS)('refuses each field that is wrong: %j', (item, _, right) => {
    for (let field = 1; field < item.length; field++) {
      for (const wrong of WRONG) {
        if (right[field]?.some(value => JSON.stringify(value) === JSON.stringify(wrong))) continue
        const spoilt = item.map((value, index) => (index === field ? wrong : value))
        expect([spoilt, readSaid(spoilt)]).toEqual([spoilt, undefined])
      }
    }
  })

  it.each<[string, unknown]>([
    ['an unknown kind', ['z', 1]],
    ['a kind called like a method', ['toString', 1]],
    ['a kind called like the prototype', ['__proto__', 1]],
    ['a publication to a wildcard', ['p', 1, 'a/*', 1, 1, 'x', null, 0]],
    ['an audience of numbers', ['p', 1, 't', 1, 1, 'x', [1], 0]],
    ['a flag of two', ['b', 2]],
    ['a question with a pattern that is none', ['q', 1, ['a/'], 1, null, null]],
    ['nothing', undefined],
  ])('refuses %s', (_, item) => {
    expect(readSaid(item)).toBeUndefined()
  })
})
