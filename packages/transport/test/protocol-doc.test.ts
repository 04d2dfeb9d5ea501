import { readFileSync } from 'node:fs'
import { createTestBrowser, type TestTab } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { readSaid, type Said } from '../src/mesh/items.ts'
import { MAX_ITEMS, readFrame, readItem } from '../src/mesh/wire.ts'
import { type App, startApp } from './support/tabs.ts'

interface Section {
  readonly heading: string
  /** The sign and fields that the text below the heading begins with. */
  readonly fields: readonly string[]
  /** What the fences of its blocks say after `json`, and what is in them. */
  readonly examples: readonly { readonly mark: string; readonly value: unknown }[]
}

const sections = readFileSync(new URL('../../../docs/PROTOCOL.md', import.meta.url), 'utf8')
  .split(/^##+ /m)
  .map((text): Section => {
    const [heading = ''] = text.split('\n')
    const [line = ''] = /^`.*?`(?= – )/m.exec(text) ?? []
    const blocks = [...text.matchAll(/^```json ?(.*)\n([^]*?)^```$/gm)]
    return { heading, fields: line.split(', ').map(field => field.slice(1, -1)), examples: blocks.map(([, mark = '', json = '']) => ({ mark, value: JSON.parse(json) })) }
  })
const marked = (mark: string): unknown[] => sections.flatMap(({ examples }) => examples.filter(example => example.mark === mark).map(({ value }) => value))
/** Sections of item kinds. */
const kinds = sections.filter(({ examples }) => examples.some(({ mark }) => mark === ''))

describe('the examples of docs/PROTOCOL.md', () => {
  it.each(kinds)('are read as what they are: $heading', ({ heading, fields, examples }) => {
    for (const { value } of examples) {
      const text = JSON.stringify(value)
      expect(readSaid(text)).toMatchObject({ kind: heading })
      expect(readSaid(value)).toEqual(readSaid(text)) // as text or as a clone
      expect([readItem(text)?.[0], readItem(text)?.length]).toEqual([fields[0], fields.length])
    }
  })

  it('have each kind there is', () => {
    const items = readFileSync(new URL('../src/mesh/items.ts', import.meta.url), 'utf8')
    const signs = [...items.matchAll(/^ +\[?'(.)',/gm)].map(([, sign]) => sign)
    expect(kinds.map(({ fields }) => fields[0]).sort()).toEqual(signs.sort())
    expect(signs.length).toBe(14)
  })

  it('say the fields by the names that readers give them', () => {
    for (const { heading, fields, examples } of kinds) {
      for (const { value } of examples) {
        const { kind, ...said } = understood(value)
        expect(kind).toBe(heading)
        expect(Object.keys(said).sort()).toEqual(fields.slice(1).sort())
      }
    }
  })

  it('hold nested items that make sense', () => {
    const nested = kinds.flatMap(({ examples }) => examples.map(({ value }) => understood(value))).flatMap(said => {
      if (said.kind === 'answer') return said.records.map(record => record[3])
      return 'items' in said ? said.items : []
    })
    expect(nested.length).toBeGreaterThan(5)
    nested.forEach(understood)
  })

  it('are frames where they are said to be', () => {
    const frames = marked('frame')
    expect(frames.length).toBeGreaterThan(1)
    for (const frame of frames) {
      const read = readFrame(frame)
      expect(read).toEqual(frame)
      if (read && 'm' in read) read.m.forEach(understood)
    }
  })

  it('are known as frames of another version, and as none', () => {
    expect(marked('other version').map(readFrame)).toEqual([{ version: 2 }])
    expect(marked('no frame').map(readFrame)).toEqual([undefined, undefined, undefined])
  })

  it('are refused as items where they make no sense', () => {
    const refused = marked('no item')
    expect(refused.length).toBeGreaterThan(4)
    for (const item of refused) expect([readSaid(item), readSaid(JSON.stringify(item))]).toEqual([undefined, undefined])
  })
})

describe('what tabs post', () => {
  it('is every kind that is documented, in frames as documented', async () => {
    const posted = new Set<string>()
    const look = (item: unknown): void => {
      const said = understood(item)
      posted.add(said.kind)
      if ('items' in said) said.items.forEach(look)
    }
    for (const locks of [true, false]) {
      const browser = createTestBrowser({ locks })
      browser.onPost(({ name, data }) => {
        const frame = readFrame(data)
        expect(name).toBe('earshot:app:')
        expect(frame).toEqual(data)
        if (!frame || 'version' in frame) return
        expect(frame.m.length).toBeLessThanOrEqual(MAX_ITEMS)
        frame.m.forEach(look)
      })
      await live(browser.openTab(), browser.openTab(), browser)
    }
    expect([...posted].sort()).toEqual(kinds.map(({ heading }) => heading).sort())
  })
})

function understood(item: unknown): Said {
  const said = readSaid(item)
  if (!said) throw new Error(`${JSON.stringify(item)} makes no sense`)
  return said
}

/** All that can happen between two tabs. */
async function live(first: TestTab, second: TestTab, browser: ReturnType<typeof createTestBrowser>): Promise<void> {
  const [one, other] = [first, second].map(tab => startApp(tab, { resend: { messages: 3 } })) as [App, App]
  one.session.onBroadcast(() => {})
  other.listen('t')
  one.session.presence('room').enter({ status: 'here' })
  void one.session.ready
  await browser.advance(1000)
  one.session.publish('t', new Date())
  other.session.broadcast('all')
  // Some of it is lost on the way: little enough to be sent again, then too much.
  for (const lost of [2, 20]) {
    const stop = browser.intercept(() => 'drop')
    for (let number = 0; number < lost; number++) {
      one.session.publish('t', number)
      await browser.settle()
    }
    stop()
    one.session.publish('t', 'after')
    await browser.advance(100)
  }
  one.session.presence('room').leave()
  one.session.close()
  await browser.advance(5000)
  first.close()
  await browser.advance(5000)
  await other.hub.close()
}
