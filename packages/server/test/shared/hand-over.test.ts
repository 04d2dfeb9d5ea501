import { describe, expect, it } from 'vitest'
import { startComputer } from './browser.ts'
import { Traffic } from './traffic.ts'

const HOUR = 3_600_000

describe('a leader that nobody looks at', () => {
  it('hands over to a tab that is looked at, after ten seconds', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(3)
    const former = computer.leader()
    former.tab.hide()
    await traffic.run(9900, 50)
    expect(computer.leader()).toBe(former)
    await traffic.run(300, 50)
    expect(computer.leader().tab.state).toBe('visible')
    expect(former.hub.status).toEqual({ state: 'connected', via: 'follower' })
    await traffic.check()
    expect(computer.network.relay.readings.connections).toBe(2)
  })

  it('keeps the lead when it is shown again in time', async () => {
    const computer = startComputer()
    await computer.openAll(3)
    const former = computer.leader()
    former.tab.hide()
    await computer.advance(8000)
    former.tab.show()
    await computer.advance(8000)
    former.tab.hide()
    await computer.advance(8000)
    expect(computer.leader()).toBe(former)
  })

  it('keeps the lead while no tab is looked at, and hands over as soon as one is', async () => {
    const computer = startComputer({ browser: { throttle: 60_000 } })
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(3, { visible: false })
    const former = computer.leader()
    await traffic.run(120_000, 1000)
    expect(computer.leader()).toBe(former)
    computer.followers()[1]?.tab.show()
    await traffic.run(100)
    expect(computer.leader().tab.state).toBe('visible')
    await traffic.check()
  })

  it('asks one tab after the other that is looked at, as long as none takes the lead', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(4)
    const former = computer.leader()
    const [first, second, third] = computer.followers()
    if (!first || !second || !third) throw new Error('four tabs were opened')
    for (const app of [first, second]) computer.hang(app)
    former.tab.hide()
    const asked: string[] = []
    computer.browser.onPost(({ data }) => (data as { t: string }).t === 'heir' && asked.push((data as { to: string }).to))
    await computer.advance(29_900)
    expect(computer.leader()).toBe(former)
    await computer.advance(300)
    expect(computer.leader()).toBe(third)
    expect(new Set(asked).size).toBe(3)
    for (const app of [first, second]) computer.thaw(app)
    await computer.advance(5000)
    await traffic.run(200)
    await traffic.check()
  })

  it('hands over once when several tabs are shown together', async () => {
    const computer = startComputer()
    await computer.openAll(4, { visible: false })
    await computer.advance(30_000)
    const followers = computer.followers()
    let asked = 0
    computer.browser.onPost(({ data }) => (data as { t: string }).t === 'heir' && asked++)
    for (const { tab } of followers) tab.show()
    await computer.advance(30_000)
    expect(asked).toBe(1)
    expect(followers).toContain(computer.leader())
  })

  it('hands over to a tab that is opened', async () => {
    const computer = startComputer()
    await computer.openAll(2, { visible: false })
    await computer.advance(30_000)
    const late = computer.open()
    await computer.advance(100)
    expect(computer.leader()).toBe(late)
  })

  it.each([-HOUR, HOUR])('hands over ten seconds after it is hidden, whatever the clock says: it is set by %d ms', async by => {
    const computer = startComputer()
    const tab = computer.browser.openTab()
    let set = 0
    const { clock } = tab.env
    const [former] = await computer.openAll(1, { tab, transport: { clock: { now: () => clock.now() + set, after: (delay, task) => clock.after(delay, task) } } })
    const [visible] = await computer.openAll(1)
    tab.hide()
    await computer.advance(5000)
    set = by
    // It says so to the leader, which may hand over then.
    visible?.tab.hide()
    visible?.tab.show()
    await computer.advance(4900)
    expect(computer.leader()).toBe(former)
    await computer.advance(200)
    expect(computer.leader()).toBe(visible)
  })

  it('goes on when it is the only tab', async () => {
    const computer = startComputer({ browser: { throttle: 60_000 } })
    const traffic = new Traffic(computer, computer.observer())
    const [only] = await computer.openAll(1)
    only?.tab.hide()
    await traffic.run(300_000, 1000)
    expect(only?.statuses.filter(({ state }) => state === 'connected')).toHaveLength(1)
    await traffic.check()
  })

  it('is disturbed by nobody when all tabs are hidden and shown by turns', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    const apps = await computer.openAll(4)
    for (let turn = 0; turn < 8; turn++) {
      for (const [index, { tab }] of apps.entries()) if (index === turn % 4) tab.show()
      else tab.hide()
      await traffic.run(4000, 250)
    }
    await traffic.check()
    // A hand-over takes a new connection: once in ten seconds at most.
    expect(apps.flatMap(({ statuses }) => statuses).filter(({ via, state }) => via === 'leader' && state === 'connected').length).toBeLessThanOrEqual(4)
  })
})

describe('a leader that goes', () => {
  it('names its followers to the next one, so that those that nobody looks at need not greet it', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await computer.openAll(10, { visible: false })
    const posted: string[] = []
    computer.browser.onPost(({ data }) => posted.push((data as { t: string }).t))
    computer.leader().tab.close()
    await computer.advance(200)
    expect(computer.followers()).toHaveLength(8)
    expect(posted.filter(kind => kind === 'hi' || kind === 'lead' || kind === 'resign')).toEqual(['resign', 'lead', 'lead'])
    // One that is looked at says so: it may be asked to take the lead.
    const [shown] = computer.followers()
    shown?.tab.show()
    await computer.advance(11_000)
    expect(computer.leader()).toBe(shown)
    await traffic.run(200)
    await traffic.check()
  })
})
