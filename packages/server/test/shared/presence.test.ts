import type { LocksLike, PresenceEvent } from '@earshot/core'
import { describe, expect, it } from 'vitest'
import { type App, type Computer, startComputer, type TabApp } from './browser.ts'

/** All that somebody elsewhere sees happen in the room, and when. */
interface Watcher {
  readonly app: App
  readonly events: { readonly type: PresenceEvent['type']; readonly id: string; readonly at: number }[]
}

async function watched(computer: Computer, count: number): Promise<Watcher> {
  const app = computer.observer()
  const events: Watcher['events'] = []
  app.session.presence('room').subscribe(({ type, member: { id } }) => void events.push({ type, id, at: computer.network.clock.now() }))
  for (const each of await computer.openAll(count)) enter(each)
  await computer.advance(100)
  expect(events.splice(0).map(({ type }) => type)).toEqual(Array.from({ length: count }, () => 'enter'))
  return { app, events }
}

function enter({ session }: App): void {
  session.presence('room').enter(session.id)
}

/** The browser's locks, as a tab has them whose requests are long under way. */
function late({ network }: Computer, locks: LocksLike | null | undefined): LocksLike {
  if (!locks) throw new Error('This browser has no locks')
  const arrived = (): Promise<void> => new Promise(resolve => {
    network.clock.after(50, resolve)
  })
  return { request: (...request) => arrived().then(() => locks.request(...request)), query: () => locks.query() }
}

const QUIET: [string, (computer: Computer, leader: TabApp) => Promise<unknown> | void][] = [
  ['hands over to a tab that is looked at', async (computer, { tab }) => {
    for (const each of computer.followers().slice(1)) each.tab.hide()
    tab.hide()
    await computer.advance(15_000)
  }],
  ['is reloaded', async ({ reload }, leader) => enter(await reload(leader))],
  ['is cut off', (_, { device }) => device.cut()],
  ['hangs and is taken the lead from', async (computer, leader) => {
    computer.hang(leader)
    void computer.followers()[0]?.session.publish('talk', 1)
    await computer.advance(6000)
    computer.thaw(leader)
  }],
]

/** How the tab with the socket ends, and after how many milliseconds it leaves. */
const ENDS: [string, number | undefined, (computer: Computer, leader: TabApp) => Promise<unknown> | void][] = [
  ['closes its hub', 0, (_, { hub }) => hub.close()],
  ['crashes', 100, ({ crash }, leader) => crash(leader)],
  // It may be reloaded, or go on.
  ['is closed', 2000, (_, { tab }) => tab.close()],
  ['is frozen', 2000, (_, { tab }) => tab.freeze()],
  ['goes into the back/forward cache', 2000, (_, { tab }) => tab.bfcache()],
  ['is hidden', undefined, async (computer, { tab }) => {
    tab.hide()
    await computer.advance(11_000)
  }],
  ['hangs and is taken the lead from', undefined, async (computer, leader) => {
    computer.hang(leader)
    void computer.followers()[0]?.session.publish('talk', 1)
    await computer.advance(6000)
  }],
]

describe('those who watch the members of a topic', () => {
  it.each(ENDS)('see nothing of those that stay, elsewhere and in the same browser, when the tab with the socket %s, and of that one that it leaves after %s ms', async (_, after, end) => {
    const computer = startComputer()
    const { app: observer } = await watched(computer, 5)
    const leader = computer.leader()
    const watchers = [observer, ...computer.followers()]
    const seen = watchers.map(({ session }) => {
      const events: { what: string; at: number }[] = []
      session.presence('room').subscribe(({ type, member }) => void events.push({ what: `${type} ${member.id}`, at: computer.network.clock.now() }))
      return events
    })
    // A relay that has just started says of nobody that he is gone.
    await computer.advance(11_000)
    // Whoever begins to look is told who is there.
    for (const events of seen) events.length = 0
    const ended = computer.network.clock.now()
    await end(computer, leader)
    await computer.advance(30_000)
    expect(computer.leader()).not.toBe(leader)
    const leaves = after === undefined ? [] : [`leave ${leader.session.id}`]
    expect(seen.map(events => events.map(({ what }) => what))).toEqual(watchers.map(() => leaves))
    for (const { at } of seen.flat()) {
      expect(at - ended).toBeGreaterThanOrEqual(after ?? 0)
      expect(at - ended).toBeLessThan((after ?? 0) + 100)
    }
    const ids = watchers.slice(1).map(({ session }) => session.id).concat(after === undefined ? leader.session.id : [])
    for (const { session } of watchers) expect(session.presence('room').members.map(({ id }) => id).sort()).toEqual(ids.sort())
  })

  it.each(QUIET)('see nothing when the tab with the socket %s', async (_, act) => {
    const computer = startComputer()
    const { events, app } = await watched(computer, 5)
    const leader = computer.leader()
    await act(computer, leader)
    await computer.advance(30_000)
    expect(events).toEqual([])
    expect(app.session.presence('room').members).toHaveLength(5)
  })

  it.each([false, 60_000])('see only that tab leave when the one with the socket crashes, within half a second, with timers held back by %s', async throttle => {
    const computer = startComputer({ browser: { throttle } })
    const { events } = await watched(computer, 5)
    for (const { tab } of computer.living()) tab.hide()
    const leader = computer.leader()
    const crashed = computer.network.clock.now()
    computer.crash(leader)
    await computer.advance(30_000)
    expect(events).toEqual([{ type: 'leave', id: leader.session.id, at: expect.any(Number) }])
    expect((events[0]?.at ?? 0) - crashed).toBeLessThan(150)
  })

  it('see a follower that crashes in the same moment leave when the relay has waited for it', async () => {
    const computer = startComputer()
    const { events } = await watched(computer, 5)
    const [leader, follower] = [computer.leader(), computer.followers()[0]]
    if (!follower) throw new Error('nobody follows')
    const crashed = computer.network.clock.now()
    computer.crash(follower)
    computer.crash(leader)
    await computer.advance(15_000)
    // Those who are left watched the leader only.
    expect(events.map(({ id, at }) => [id, Math.round((at - crashed) / 1000)])).toEqual([[leader.session.id, 0], [follower.session.id, 10]])
  })

  it('see a follower leave within half a second when it crashes', async () => {
    const computer = startComputer()
    const { events } = await watched(computer, 5)
    const [follower] = computer.followers()
    if (!follower) throw new Error('nobody follows')
    const crashed = computer.network.clock.now()
    computer.crash(follower)
    await computer.advance(500)
    expect(events).toEqual([{ type: 'leave', id: follower.session.id, at: expect.any(Number) }])
    expect((events[0]?.at ?? 0) - crashed).toBeLessThan(150)
  })

  it('see a tab leave at once when it is told to close its session', async () => {
    const computer = startComputer()
    const { events } = await watched(computer, 5)
    const [follower] = computer.followers()
    follower?.session.close()
    await computer.advance(20)
    expect(events.map(({ type, id }) => [type, id])).toEqual([['leave', follower?.session.id]])
  })

  it('see nothing when a follower is reloaded', async () => {
    const computer = startComputer()
    const { events } = await watched(computer, 5)
    const [follower] = computer.followers()
    if (!follower) throw new Error('nobody follows')
    const { id } = follower.session
    const next = await computer.reload(follower)
    enter(next)
    await computer.advance(30_000)
    expect(next.session.id).toBe(id)
    expect(events).toEqual([])
  })

  it('are told of followers that crash, also in a browser whose timers are held back', async () => {
    const computer = startComputer({ browser: { throttle: 60_000 } })
    const { events } = await watched(computer, 5)
    for (const { tab } of computer.living()) tab.hide()
    const [follower] = computer.followers()
    if (!follower) throw new Error('nobody follows')
    computer.crash(follower)
    await computer.advance(500)
    expect(events.map(({ type, id }) => [type, id])).toEqual([['leave', follower.session.id]])
  })

  it('see nobody leave whose lock comes late, and who has heard meanwhile who leads', async () => {
    const computer = startComputer()
    const { events, app } = await watched(computer, 2)
    const tab = computer.browser.openTab()
    const slow = computer.open({ tab, transport: { locks: late(computer, tab.env.locks) } })
    enter(slow)
    await computer.advance(5)
    // Whoever opens asks who leads: the answer is for all to hear.
    computer.open()
    await computer.advance(1000)
    expect(events.map(({ type, id }) => [type, id])).toEqual([['enter', slow.session.id]])
    void app.session.publish('news', 'to all')
    await computer.advance(100)
    expect(slow.heard).toEqual(['to all'])
  })
})
