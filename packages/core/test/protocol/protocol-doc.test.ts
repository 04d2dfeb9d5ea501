import { readFileSync } from 'node:fs'
import { CLOSE, clientFrames, formatPosition, type FrameReader, parsePosition, RELAY_VERSION, relayFrames } from '@earshot/core/protocol'
import { describe, expect, it } from 'vitest'
import { clientFields, type Kind, relayFields } from './frames.ts'

const [, text = ''] = readFileSync(new URL('../../../../docs/PROTOCOL.md', import.meta.url), 'utf8').split(/^# The relay protocol, version /m)

/** What a table says of a field of each kind. */
const types: Record<Kind, string> = {
  text: 'text',
  empty: 'text or empty',
  token: 'up to 16,384 units',
  count: 'count',
  time: 'number',
  flag: 'flag',
  given: 'data',
  user: 'text or `null`',
  users: 'up to 1000 texts, or empty ones',
  tags: 'up to 7 texts',
  subs: 'up to 10,000 pairs',
  patterns: 'up to 1000 texts, or empty ones',
  indexes: 'indexes',
  message: 'message',
  messages: 'up to 10,000 messages',
  members: 'members',
  member: 'member',
  topics: 'up to 100,000 texts, or empty ones',
}

interface Section {
  readonly t: string
  readonly rows: readonly string[]
  readonly examples: readonly unknown[]
}

/** JSON in blocks with this mark. */
function blocks(of: string, mark: string): unknown[] {
  return [...of.matchAll(/^```json (.*)\n([^]*?)^```$/gm)].filter(([, found]) => found === mark).map(([, , json = '']) => JSON.parse(json) as unknown)
}

/** Frames of one side, each with a heading of its own. */
function sectionsOf(side: string): Section[] {
  const [, part = ''] = text.split(`\n## Frames of a ${side}\n`)
  const [frames = ''] = part.split(/^## /m)
  return frames
    .split(/^### /m)
    .slice(1)
    .map(section => ({
      t: section.slice(0, section.indexOf('\n')),
      rows: [...section.matchAll(/^\| `(\w+)(\??)` \| (.*?) \|/gm)].map(([, field = '', maybe = '', type = '']) => `${field}: ${type}${maybe}`),
      examples: blocks(section, side),
    }))
    .filter(({ t }) => !t.startsWith('No '))
}

const sides: readonly [side: string, reader: FrameReader<{ readonly t: string }>, fields: Record<string, Record<string, string>>][] = [
  ['client', clientFrames, clientFields],
  ['relay', relayFrames, relayFields],
]

describe.each(sides)('docs/PROTOCOL.md on the frames of a %s', (side, reader, fields) => {
  const sections = sectionsOf(side)

  it('has each kind there is, and no other', () => {
    expect(sections.map(({ t }) => t)).toEqual(Object.keys(fields))
  })

  it.each(sections)('has the fields of $t as they are read', ({ t, rows }) => {
    const expected = Object.entries(fields[t] ?? {}).map(([field, kind]) => `${field}: ${types[kind.replace('?', '') as Kind]}${kind.endsWith('?') ? '?' : ''}`)
    expect([...rows].sort()).toEqual(expected.sort())
  })

  it.each(sections)('has examples of $t that are read as they are, with each field there is', ({ t, examples }) => {
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) expect(reader.readLine(JSON.stringify(example))).toStrictEqual(example)
    const shown = new Set(examples.flatMap(example => Object.keys(example as object)))
    expect([...shown].sort()).toEqual(['t', ...Object.keys(fields[t] ?? {})].sort())
  })

  it('has examples of what is no frame', () => {
    const none = blocks(text, `no ${side}`)
    expect(none.length).toBeGreaterThan(2)
    for (const example of none) expect(reader.readLine(JSON.stringify(example))).toBeUndefined()
  })
})

describe('docs/PROTOCOL.md on the connection', () => {
  it('names the version', () => {
    expect(text.slice(0, text.indexOf('\n'))).toBe(String(RELAY_VERSION))
  })

  it('has each code that a relay closes with', () => {
    const [, table = ''] = text.split('\n| code | `bye` | the client |\n')
    const codes = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| (\d{4}) \|/gm)].map(([, code]) => Number(code))
    expect(codes).toEqual([...new Set([1003, ...Object.values(CLOSE)])].sort((one, other) => one - other))
  })

  it('has positions as they are written', () => {
    const positions = [...text.matchAll(/"(?:position|since)": "(.*?)"/g)].map(([, position = '']) => position)
    expect(positions.length).toBe(2)
    for (const position of positions) {
      const read = parsePosition(position)
      expect(read && formatPosition(read)).toBe(position)
    }
  })
})
