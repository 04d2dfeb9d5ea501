import { describe, expect, it } from 'vitest'
import { sameData, shallowEqual } from '../src/shallow-equal.ts'

class Point {
  readonly x: number

  constructor(x: number) {
    this.x = x
  }
}

/** What components write inline, twice, and once more with another value. */
const pairs: [string, () => unknown, unknown][] = [
  ['a string', () => 'Ada', 'Bob'],
  ['not a number', () => NaN, 0],
  ['a nested object', () => ({ user: { name: 'Ada' } }), { user: { name: 'Bob' } }],
  ['a nested array', () => ({ tags: ['a', ['b']] }), { tags: ['a', ['c']] }],
  ['an empty array', () => [], {}],
  ['null inside', () => ({ at: null }), { at: {} }],
  ['undefined inside', () => ({ a: undefined }), { b: undefined }],
  ['a date', () => ({ since: new Date(1) }), { since: new Date(2) }],
  ['a map', () => new Map([['a', { x: 1 }]]), new Map([['a', { x: 2 }]])],
  ['a set', () => new Set([[1]]), new Set([[2]])],
  ['bytes', () => ({ bytes: new Uint8Array([1, 2]) }), { bytes: new Uint8Array([1, 3]) }],
  ['bytes of the same numbers', () => new Uint8Array([1, 2]), new Uint16Array([1, 2])],
  ['a map of no entries', () => new Map(), new Set()],
  ['an instance', () => new Point(1), new Point(2)],
  ['an object without a prototype', () => Object.assign(Object.create(null), { x: 1 }), Object.assign(Object.create(null), { x: 2 })],
]

describe('sameData', () => {
  it.each(pairs)('tells %s from another one only', (_, make, other) => {
    expect(sameData(make(), make())).toBe(true)
    expect(sameData(make(), other)).toBe(false)
    expect(sameData(other, make())).toBe(false)
    expect(sameData(make(), undefined)).toBe(false)
    expect(sameData(undefined, make())).toBe(false)
  })

  it('takes what it knows nothing of for another one', () => {
    expect(sameData(new ArrayBuffer(1), new ArrayBuffer(2))).toBe(false)
    expect(sameData(/a/, /b/)).toBe(false)
  })
})

describe('shallowEqual', () => {
  it('compares entries, and looks no deeper', () => {
    expect(shallowEqual({ a: 1 }, { a: 1 })).toBe(true)
    expect(shallowEqual([1, 'a'], [1, 'a'])).toBe(true)
    expect(shallowEqual({ a: [] }, { a: [] })).toBe(false)
    expect(shallowEqual([], {})).toBe(false)
    expect(shallowEqual(new Date(0), new Date(0))).toBe(false)
  })
})
