import { readFileSync } from 'node:fs'
import { clientFrames, type RelayFrame, relayFrames } from '@earshot/core/protocol'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS, type Rate } from '../src/index.ts'
import { type Attacked, attacked } from './support/attacked.ts'
import type { Peer } from './support/peer.ts'

const [, text = ''] = readFileSync(new URL('../../../docs/PROTOCOL.md', import.meta.url), 'utf8').split(/^# The relay protocol, version /m)
const exchanges = [...text.matchAll(/^```exchange\n([^]*?)^```$/gm)].map(([, lines = '']) => lines.trimEnd().split('\n'))

/** What stands in `<…>` in a frame and is another each time: learned from what a relay says, put into what a client says. */
class Names {
  readonly #known = new Map<string, string>()

  /** A line with what is known put in. */
  fill(line: string): string {
    return line.replaceAll(/<(\w+)>/g, (_, name: string) => {
      const value = this.#known.get(name)
      if (value === undefined) throw new Error(`<${name}> is not known yet`)
      return value
    })
  }

  /** The frame that a line describes, with what is not known yet taken from the one that came. */
  learn(line: string, came: RelayFrame): unknown {
    const given = JSON.stringify(came)
    // A number is made up without quotes.
    const expected: unknown = JSON.parse(line.replaceAll(/([^"])<(\w+)>/g, '$1"<$2>"'))
    return this.#match(expected, JSON.parse(given))
  }

  #match(expected: unknown, came: unknown): unknown {
    if (typeof expected === 'string') {
      const [, name] = /^<(\w+)>$/.exec(expected) ?? []
      if (name === undefined) return expected
      const known = this.#known.get(name)
      if (known !== undefined) return typeof came === 'number' ? Number(known) : known
      expect(String(came)).not.toBe('')
      // Times and reasons are others each time.
      if (name !== 'time' && name !== 'reason') this.#known.set(name, String(came))
      return came
    }
    if (typeof expected !== 'object' || expected === null || typeof came !== 'object' || came === null) return expected
    if (Array.isArray(expected)) return expected.map((part, index) => this.#match(part, (came as unknown[])[index]))
    return Object.fromEntries(Object.entries(expected).map(([field, part]) => [field, this.#match(part, (came as Record<string, unknown>)[field])]))
  }
}

/** Plays one exchange on a connection of its own; what it hears is compared frame by frame. */
async function play(lines: readonly string[], { relay, peer }: Attacked, names: Names): Promise<Peer> {
  const client = await peer().opened()
  let heard = 0
  for (const line of lines) {
    const rest = line.slice(2)
    if (line.startsWith('# published ')) {
      const [, topic = '', data = ''] = /^published (\S+) (.*)$/.exec(rest) ?? []
      await relay.publish(topic, JSON.parse(data))
    } else if (line.startsWith('→ ')) {
      client.send(names.fill(rest))
    } else if (line.startsWith('← ')) {
      while (client.heard.length <= heard) await client.changed()
      const came = client.heard[heard++] as RelayFrame
      expect(came).toEqual(names.learn(rest, came))
    } else if (line.startsWith('× ')) {
      expect((await client.closed).code).toBe(Number(rest))
    } else throw new Error(`${line} says nothing that could be done`)
  }
  expect(client.heard.length).toBe(heard)
  return client
}

describe('the exchanges in docs/PROTOCOL.md', () => {
  it('are what a relay and a client say', async () => {
    const scene = await attacked()
    const names = new Names()
    expect(exchanges.length).toBe(2)
    for (const lines of exchanges) {
      const client = await play(lines, scene, names)
      client.end()
      await client.closed
    }
  })

  it('are made of frames that both ends read', () => {
    for (const line of exchanges.flat()) {
      if (line.startsWith('← ')) expect(relayFrames.readLine(line.slice(2).replaceAll('<time>', '1'))).toBeDefined()
      if (line.startsWith('→ ') && !line.includes('nonsense')) expect(clientFrames.readLine(line.slice(2))).toBeDefined()
    }
  })
})

describe('the limits in docs/PROTOCOL.md', () => {
  it('are the defaults', () => {
    const [, table = ''] = text.split('\n| what | default | beyond it |\n')
    const numbers = [...(table.split('\n\n')[0] ?? '').matchAll(/(?<!-)\b\d[\d,]*/g)].map(([number]) => Number(number.replaceAll(',', '')))
    const rates = (rate: Rate): number[] => [rate.perSecond, rate.burst]
    const { frame, frames, sessions, subscriptions, presences, presenceSize, publishes, waiting, waitingSize, buffer, unread, unreadSize, page, pageSize, decision, engine } = DEFAULT_LIMITS
    const { connections, connectionsPerUser, subscriptionSize, shapes } = DEFAULT_LIMITS
    const shown = [frame, ...rates(frames), sessions, subscriptions, presences, presenceSize, ...rates(publishes), waiting, waitingSize, buffer, unread, unreadSize, page, pageSize, decision / 1000, engine / 1000, connections, connectionsPerUser, subscriptionSize, shapes]
    const codes = [4413, 4429, 1013, 1013, 1013]
    expect([...numbers].sort()).toEqual([...shown, ...codes].sort())
  })

  it('of time are the defaults, too', () => {
    const { resume, grace, reload, hello } = DEFAULT_LIMITS
    expect([resume, grace, reload, hello].map(time => time / 1000)).toEqual([120, 10, 2, 10])
    for (const said of ['for 120 s after the session was cut off', 'after 2 s, one that was cut off after 10 s', 'no *hello* within 10 s']) expect(text).toContain(said)
  })
})
