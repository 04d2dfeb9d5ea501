import { createHub, type Hub, type Presence, type Session } from '@earshot/core'
import { webSocket } from '@earshot/transport'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import type { Served } from '../fixtures/one-socket.ts'
import type { DrivenTab } from './driven.ts'
import type { End, Ended } from './one-socket.ts'
import { faults, type Said } from './one-order.ts'

/** A client outside of the browser, which hears everything and sees who is there. */
export class Outside {
  readonly name = 'outside'
  readonly hub: Hub
  readonly presence: Presence
  readonly heard: Said[] = []
  readonly changes: [type: string, id: string][] = []
  published = 0
  gaps = 0
  readonly #session: Session
  /** Messages a second. */
  readonly #rate: number
  #timer: NodeJS.Timeout | undefined

  constructor(relay: string, rate: number) {
    this.#rate = rate
    this.hub = createHub({ transport: webSocket({ url: relay, WebSocket }), onError: () => {} })
    this.#session = this.hub.openSession()
    this.hub.on('gap', () => this.gaps++)
    this.presence = this.#session.presence('room')
    this.presence.subscribe(({ type, member: { id } }) => this.changes.push([type, id]))
  }

  async begin(): Promise<void> {
    await this.#session.subscribe('traffic/*', ({ data }) => this.heard.push(data as [string, number])).ready
    this.#timer = setInterval(() => {
      const n = this.published++
      void this.#session.publish(`traffic/${n % 4}`, [this.name, n])
    }, 1000 / this.#rate)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async close(): Promise<void> {
    this.stop()
    await this.hub.close()
  }
}

/** What a tab says of itself. */
export interface Report {
  readonly name: string
  readonly id: string
  readonly heard: Said[]
  readonly published: number
  readonly gaps: number
  readonly errors: string[]
}

export const report = (page: DrivenTab): Promise<Report> =>
  page.evaluate(() => ({ name: tab.name, id: tab.session.id, heard: tab.heard.map(([from, n]) => [from, n] as const), published: tab.published, gaps: tab.gaps, errors: tab.errors }))

/** Waits until everybody has heard what was last published by each, and tabs have receipts for all that was theirs. */
async function settled({ pages }: { readonly pages: readonly DrivenTab[] }, outside: Outside): Promise<void> {
  const said = await Promise.all(pages.map(page => page.evaluate(() => [tab.name, tab.published] as const)))
  const all = new Map([...said, [outside.name, outside.published]])
  const missing = (): string[] => [...all].flatMap(([name, count]) => (count === 0 || outside.heard.some(([from, n]) => from === name && n === count - 1) ? [] : [name]))
  await expect.poll(missing).toEqual([])
  const last = outside.heard.at(-1)?.slice(0, 2).join()
  const ends = (): Promise<(string | undefined)[]> => Promise.all(pages.map(page => page.evaluate(() => tab.heard.at(-1)?.slice(0, 2).join())))
  await expect.poll(ends, { interval: 200 }).toEqual(pages.map(() => last))
  const unanswered = (): Promise<number[]> => Promise.all(pages.map(page => page.evaluate(() => tab.published - tab.answered)))
  await expect.poll(unanswered, { interval: 200 }).toEqual(pages.map(() => 0))
}

/** Lets everybody fall silent, and says what was lost, doubled, out of order or complained about. */
export async function findings(browser: { readonly pages: readonly DrivenTab[]; stop(): Promise<void> }, outside: Outside): Promise<string[]> {
  await browser.stop()
  outside.stop()
  await settled(browser, outside)
  const reports = await Promise.all(browser.pages.map(report))
  const heard = new Map(reports.map(each => [each.name, each.heard]))
  const published = new Map([...reports, outside].map(each => [each.name, each.published]))
  const gaps = [...reports, outside].flatMap(({ name, gaps }) => (gaps > 0 ? [`${name} was told ${gaps} gaps`] : []))
  const errors = reports.flatMap(({ name, errors }) => errors.map(error => `${name} reports ${error}`))
  return [...faults({ reference: outside.heard, heard, published }), ...gaps, ...errors]
}

/** Percentiles of what tabs went through, in milliseconds. */
export function figures(ended: readonly Ended[], ends: readonly End[], part: keyof Served): { p50: number; p99: number; max: number } {
  const all = ended.filter(({ end }) => ends.includes(end)).flatMap(({ served }) => served.map(each => each[part]))
  const sorted = all.sort((one, other) => one - other)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
