import { describe, expect, it } from 'vitest'
import { type App, type Computer, startComputer, type TabApp } from './browser.ts'

/** Characters that may wait for the socket of a tab with one session: so many, and the line that went beyond. */
const OF_A_TAB = 4_000_000 + 262_144
/** Kept publishes of a session that may, as they are in its outbox. */
const OF_AN_OUTBOX = 1_000_000

interface Scene {
  readonly computer: Computer
  readonly tabs: readonly TabApp[]
  readonly observer: App
  /** Characters that waited for the socket, at most. */
  most(): number
  /** Sessions that were attached since the beginning. */
  attached(): string[]
  hold(): void
  release(): Promise<void>
}

/** Four tabs, and what passes their socket. */
async function scene(): Promise<Scene> {
  // What came late comes at once: that is no fault of a session's.
  const computer = startComputer({ relay: { limits: { waitingSize: 100_000_000 } } })
  const { network } = computer
  const device = network.device('the socket')
  let most = 0
  class Watched extends device.WebSocket {
    override send(unit: string | Uint8Array): void {
      super.send(unit)
      most = Math.max(most, this.bufferedAmount)
    }
  }
  const tabs = [...(await computer.openAll(1, { transport: { WebSocket: Watched } })), ...(await computer.openAll(3))]
  const observer = computer.observer()
  observer.session.presence('room').subscribe(() => {})
  for (const { session } of tabs) session.presence('room').enter('before')
  await computer.advance(500)
  expect(computer.leader()).toBe(tabs[0])
  const attached: string[] = []
  network.filter({
    up(frame) {
      if (frame.t === 'attach') attached.push(frame.session)
      return frame
    },
  })
  return {
    computer,
    tabs,
    observer,
    most: () => most,
    attached: () => attached,
    hold: () => device.hold('up'),
    async release() {
      device.release('up')
      await computer.advance(40_000)
    },
  }
}

/** Listens to much by turns. */
function wander({ session }: TabApp, n: number): void {
  const listening = Array.from({ length: 40 }, (_, part) => session.subscribe(`${n}/${part}/${'x'.repeat(480)}`, () => {}))
  if (n < 199) for (const each of listening) each.unsubscribe()
}

/** What a tab says without end, how much of it waits at most and at least, and what has to have become of it. */
const FLOODS: [string, (tab: TabApp, n: number) => void, readonly [number, number], (tab: TabApp, scene: Scene) => void][] = [
  // Four seconds, and once a second one of each tab.
  ['say of themselves as members', ({ session }, n) => session.presence('room').update(`${n} ${'x'.repeat(50_000)}`), [65_536, 1_000_000], ({ session }, { observer }) => {
    const { data } = observer.session.presence('room').members.find(({ id }) => id === session.id) ?? {}
    expect(String(data)).toMatch(/^199 /)
  }],
  ['listen to by turns', wander, [4_000_000, 4 * OF_A_TAB], (_, { computer, tabs }) => {
    // And the observer, who hears everything.
    expect(computer.network.relay.occupancy(`199/39/${'x'.repeat(480)}`)).toBe(tabs.length + 1)
  }],
]

describe('a socket that takes nothing', () => {
  it.each(FLOODS)('has a bounded queue of what tabs %s, and nothing of it is lost when it goes on', async (_, flood, [least, most], check) => {
    const stuck = await scene()
    const { computer, tabs, observer } = stuck
    stuck.hold()
    for (let n = 0; n < 200; n++) {
      for (const tab of tabs) flood(tab, n)
      await computer.advance(20)
    }
    expect(stuck.most()).toBeGreaterThan(least)
    expect(stuck.most()).toBeLessThanOrEqual(most)
    await stuck.release()
    for (const tab of tabs) check(tab, stuck)
    for (const { session, name } of tabs) void session.publish('talk', name)
    await computer.advance(1000)
    const names = tabs.map(({ name }) => name)
    for (const { heard } of [...tabs, observer]) expect(heard).toEqual(names)
    expect(tabs.flatMap(({ errors, gaps, statuses }) => [...errors, ...gaps, ...statuses.filter(({ state }) => state === 'disconnected')])).toEqual([])
  })

  it('has a bounded queue of what tabs publish: of each session as much as its outbox has room for', async () => {
    const stuck = await scene()
    const { computer, tabs, observer } = stuck
    stuck.hold()
    const outcomes: PromiseLike<string>[] = []
    for (let n = 0; n < 400; n++) {
      for (const { session, name } of tabs) outcomes.push(session.publish('talk', `${name} ${n} ${'x'.repeat(5000)}`).then(() => 'accepted', (error: unknown) => (error as { code: string }).code))
      await computer.advance(20)
    }
    expect(stuck.most()).toBeGreaterThan(3_000_000)
    expect(stuck.most()).toBeLessThanOrEqual(tabs.length * OF_AN_OUTBOX)
    await stuck.release()
    const all = await Promise.all(outcomes)
    expect(new Set(all)).toEqual(new Set(['accepted', 'outbox-full']))
    expect(new Set(observer.heard).size).toBe(observer.heard.length)
    expect(observer.heard).toHaveLength(all.filter(outcome => outcome === 'accepted').length)
    for (const { heard } of tabs) expect(heard).toEqual(observer.heard)
  })

  it('costs those their place on it that said too much, and no others', async () => {
    const stuck = await scene()
    const { computer, tabs, observer } = stuck
    const [leader, loud, quiet] = tabs
    if (!leader || !loud || !quiet) throw new Error('four tabs were opened')
    stuck.hold()
    for (let n = 0; n < 200; n++) {
      wander(loud, n)
      if (n % 10 === 0) quiet.session.presence('room').update(n)
      void computer.network.relay.publish('talk', n)
      await computer.advance(20)
    }
    // It hears nothing either, as it is to begin anew.
    for (const { heard } of [leader, quiet]) expect(heard).toEqual(observer.heard)
    await stuck.release()
    expect(stuck.attached()).toEqual([loud.session.id])
    for (const { heard } of tabs) expect(heard).toEqual(observer.heard)
  })
})
