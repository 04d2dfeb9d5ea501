import { isEarshotError } from '@earshot/core'
import { describe, expect, it } from 'vitest'
import { encodeItem, isCount, type Item, readFrame, readItem } from '../../src/mesh/wire.ts'

const item = (data: unknown): Item => ['p', 1, 't', 1, 1, data, null, 0]
const nested = (levels: number): unknown => Array.from({ length: levels }).reduce<unknown>(inner => ({ inner }), 1)
const bare = Object.assign(Object.create(null) as object, { a: 1 })
const own = JSON.parse('{"__proto__":1}') as object

class Point {
  x = 1
}

describe('encoding an item', () => {
  it.each<[string, unknown]>([
    ['text', 'hi'],
    ['an empty text', ''],
    ['zero', 0],
    ['a fraction', 1.5],
    ['false', false],
    ['null', null],
    ['nested data', { a: [1, { b: [] }], c: {} }],
    ['an object without a prototype', bare],
    ['an own key called like the prototype', own],
    ['a lone surrogate', '\ud800'],
    ['a key that is a number', { 1: 'one' }],
  ])('makes text of what JSON carries: %s', (_, data) => {
    const encoded = encodeItem(item(data))
    expect(encoded).toBeTypeOf('string')
    expect(readItem(encoded)).toEqual(item(data))
  })

  it.each<[string, unknown]>([
    ['undefined within', { a: undefined }],
    ['a hole', [1, undefined, 3]],
    ['minus zero', -0],
    ['no number', Number.NaN],
    ['infinity', [Number.POSITIVE_INFINITY]],
    ['a big integer', 10n],
    ['a date', new Date(5)],
    ['a map', new Map([[{ k: 1 }, new Set([1])]])],
    ['bytes', new Uint8Array([1, 2])],
    ['an expression', /x/gi],
    ['an error', new RangeError('no')],
    ['what is nested deeper than forty levels', nested(60)],
  ])('makes a copy of what JSON would harm: %s', (_, data) => {
    const encoded = encodeItem(item(data))
    expect(encoded).not.toBeTypeOf('string')
    expect(readItem(encoded)?.[5]).toStrictEqual(data)
    if (typeof data === 'object') expect(readItem(encoded)?.[5]).not.toBe(data)
  })

  it('carries a circle, and what is shared', () => {
    const circle: { self?: unknown } = {}
    circle.self = circle
    const carried = readItem(encodeItem(item(circle)))?.[5] as typeof circle
    expect(carried.self).toBe(carried)
  })

  it('carries an object of a class as structured clone does: its fields', () => {
    expect(readItem(encodeItem(item(new Point())))?.[5]).toEqual({ x: 1 })
  })

  it.each<[string, unknown, string]>([
    ['a function', () => {}, ''],
    ['a method', { run() {} }, 'run'],
    ['a symbol in a list', { list: [1, Symbol('s')] }, 'list.1'],
    ['what is deep', { a: { b: { c: () => {} } } }, 'a.b.c'],
  ])('refuses what cannot travel and says where: %s', (_, data, path) => {
    let caught: unknown
    try {
      encodeItem(['p', 1, 't', 1, 1, data, null, 0], 't')
    } catch (error) {
      caught = error
    }
    expect(isEarshotError(caught, 'not-serializable')).toBe(true)
    expect(caught).toMatchObject({ details: { topic: 't', path: path === '' ? '' : path } })
  })
})

describe('reading a frame', () => {
  const frame = { v: 1, f: 'node', n: 1, m: ['["b",0]'] }

  it('gives exactly its fields', () => {
    expect(readFrame({ ...frame, more: 1 })).toEqual(frame)
    expect(readFrame({ ...frame, n: 0, to: 'other' })).toEqual({ ...frame, n: 0, to: 'other' })
  })

  it('tells a frame of another version', () => {
    expect(readFrame({ v: 2, f: 'node' })).toEqual({ version: 2 })
    expect(readFrame({ v: 0.5, f: 'node', n: 'x' })).toEqual({ version: 0.5 })
  })

  it.each<[string, unknown]>([
    ['no object', 'frame'],
    ['null', null],
    ['nothing', undefined],
    ['no version', { ...frame, v: undefined }],
    ['no sender', { ...frame, f: '' }],
    ['a long sender', { ...frame, f: 'x'.repeat(65) }],
    ['a number that is text', { ...frame, n: '1' }],
    ['a fraction', { ...frame, n: 1.5 }],
    ['a negative number', { ...frame, n: -1 }],
    ['an addressee that is null', { ...frame, to: null }],
    ['items that are an object', { ...frame, m: { 0: 'x' } }],
    ['too many items', { ...frame, m: Array.from({ length: 20_001 }) }],
  ])('refuses %s', (_, input) => {
    expect(readFrame(input)).toBeUndefined()
  })
})

describe('reading an item', () => {
  it.each<[string, unknown]>([
    ['text that is no JSON', '{'],
    ['JSON that is no list', '{"0":"p"}'],
    ['an empty list', []],
    ['a list that begins with a number', [1]],
    ['null', null],
    ['a number', 7],
  ])('refuses %s', (_, input) => {
    expect(readItem(input)).toBeUndefined()
  })

  it.each<[unknown, boolean]>([[0, true], [7, true], [2 ** 53 - 1, true], [2 ** 53, false], [-1, false], [0.5, false], ['1', false], [null, false], [Number.NaN, false]])('counts with %s: %s', (value, counts) => {
    expect(isCount(value)).toBe(counts)
  })
})
