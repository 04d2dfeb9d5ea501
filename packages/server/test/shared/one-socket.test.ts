import type { RelayFrame } from '@earshot/core/protocol'
import { describe, expect, it } from 'vitest'
import { repeated, startComputer, type Computer } from './browser.ts'

/** Characters that come down over the network while something goes on. */
async function charactersDown({ network }: Computer, doing: () => Promise<unknown>): Promise<{ size: number; frames: RelayFrame[] }> {
  const frames: RelayFrame[] = []
  let size = 0
  const stop = network.filter({
    down(frame) {
      frames.push(frame)
      size += JSON.stringify(frame).length
      return frame
    },
  })
  await doing()
  stop()
  return { size, frames }
}

/** Without what only one tab can have. */
const plain = ({ apps }: Computer): unknown[] => apps.map(({ hub: { status } }) => ({ ...status, via: undefined, cause: status.cause?.message }))

describe('fifty tabs of a browser', () => {
  it('have one socket, and one of them has it', async () => {
    const computer = startComputer()
    await computer.openAll(50)
    expect(computer.network.relay.readings).toMatchObject({ connections: 1, sessions: 50, subscriptions: 50 })
    expect(computer.leader().hub.status).toEqual({ state: 'connected', via: 'leader' })
    expect(computer.followers().map(({ hub }) => hub.status)).toEqual(Array.from({ length: 49 }, () => ({ state: 'connected', via: 'follower' })))
    expect(computer.apps.map(({ hub }) => hub.capabilities.shared)).toEqual(Array.from({ length: 50 }, () => true))
  })

  it('show the same status through a cut, attempts that fail and a new connection', async () => {
    const computer = startComputer()
    const { network, apps } = computer
    await computer.openAll(50)
    network.relay.stop({ how: 'kill' })
    await computer.advance(100)
    const shown: unknown[] = []
    for (let step = 0; step < 40; step++) {
      await computer.advance(250)
      // A post takes a moment: then nobody changes anything.
      const statuses = plain(computer)
      if (new Set(statuses.map(status => JSON.stringify(status))).size === 1) shown.push(statuses[0])
    }
    expect(shown.length).toBeGreaterThan(36)
    expect(shown).toContainEqual(expect.objectContaining({ state: 'disconnected', attempt: expect.any(Number), retryAt: expect.any(Number), cause: expect.stringContaining('No connection to the relay') }))
    const late = computer.open()
    await computer.advance(5)
    const { status } = computer.leader().hub
    expect({ ...late.hub.status, cause: late.hub.status.cause?.code }).toEqual({ ...status, via: 'follower', cause: status.cause?.code })
    network.relay.start(network.relay.engine)
    await computer.advance(20_000)
    expect(apps.map(({ hub }) => hub.status.state)).toEqual(Array.from({ length: 51 }, () => 'connected'))
    expect(network.relay.readings.connections).toBe(1)
  })

  it('tell a new tab that they are connected within four posts', async () => {
    const computer = startComputer()
    await computer.openAll(50)
    const late = computer.open()
    await computer.advance(4)
    expect(late.hub.status).toEqual({ state: 'connected', via: 'follower' })
  })

  it('are told of their connection when something of it changes, and only then', async () => {
    const computer = startComputer()
    const { network, apps } = computer
    await computer.openAll(3)
    for (let n = 0; n < 5; n++) {
      const late = computer.open({ visible: false })
      await computer.advance(3000)
      late.tab.show()
      apps[1]?.tab.hide()
      await computer.advance(3000)
      apps[1]?.tab.show()
      if (n % 2) late.tab.close()
    }
    // Asked, it says again who leads.
    for (const { session } of computer.followers()) void session.publish('talk', 1)
    computer.leader().device.hold('down')
    await computer.advance(3000)
    computer.leader().device.release('down')
    await computer.advance(1000)
    expect(apps.map(({ statuses }) => statuses.filter(({ state }) => state === 'connected').length)).toEqual(apps.map(() => 1))
    network.relay.stop({ how: 'kill' })
    await computer.advance(10_000)
    network.relay.start(network.relay.engine)
    await computer.advance(20_000)
    computer.crash(computer.leader())
    await computer.advance(1000)
    for (const { statuses } of apps) expect(repeated(statuses)).toEqual([])
    expect(computer.living().map(({ hub }) => hub.status.state)).toEqual(computer.living().map(() => 'connected'))
  })

  it('post nothing and send only pongs while nobody says anything', async () => {
    const computer = startComputer()
    const { network, browser } = computer
    // The one that is looked at leads: else it would have got the lead within ten seconds.
    await computer.openAll(1)
    await computer.openAll(49, { visible: false })
    await computer.advance(10_000)
    const before = browser.posts
    const sent = new Set<string>()
    let count = 0
    network.filter({
      up(frame) {
        sent.add(frame.t)
        count++
        return frame
      },
    })
    await computer.advance(600_000)
    expect(browser.posts).toBe(before)
    expect([...sent]).toEqual(['pong'])
    expect(count).toBe(600 / 25)
  })

  it('ask their leader for a sign of life once in 25 s, if they are looked at, as in another window, and nothing was said', async () => {
    const computer = startComputer()
    const { browser } = computer
    await computer.openAll(2)
    await computer.openAll(8, { visible: false })
    await computer.advance(10_000)
    const before = browser.posts
    await computer.advance(600_000)
    // The question, who leads, and that nothing is missing.
    expect(browser.posts - before).toBe((600 / 25) * 3)
    expect(computer.apps.map(({ statuses }) => statuses.filter(({ state }) => state === 'connected').length)).toEqual(computer.apps.map(() => 1))
  })
})

describe('a message for ten tabs', () => {
  it('crosses the network once, with a longer list of sessions', async () => {
    const [one, ten] = await Promise.all(
      [1, 10].map(async count => {
        const computer = startComputer()
        await computer.openAll(count)
        const result = await charactersDown(computer, async () => {
          for (let n = 0; n < 20; n++) {
            await computer.network.relay.publish('news', { n, text: 'x'.repeat(200) })
            await computer.advance(20)
          }
        })
        expect(computer.apps.map(({ heard }) => heard.length)).toEqual(Array.from({ length: count }, () => 20))
        return result
      }),
    )
    const indexes = (frames: readonly RelayFrame[] = []): number => frames.reduce((sum, frame) => sum + JSON.stringify('s' in frame ? frame.s : '').length, 0)
    expect(ten?.frames).toHaveLength(20)
    expect((ten?.size ?? 0) - indexes(ten?.frames)).toBe((one?.size ?? 0) - indexes(one?.frames))
    expect(indexes(ten?.frames) - indexes(one?.frames)).toBe(20 * ',1,2,3,4,5,6,7,8,9'.length)
  })

  it('that a tab publishes crosses it once in each direction', async () => {
    const computer = startComputer()
    const [speaker] = await computer.openAll(10)
    const ups: string[] = []
    computer.network.filter({
      up(frame) {
        ups.push(frame.t)
        return frame
      },
    })
    const { frames } = await charactersDown(computer, async () => {
      void speaker?.session.publish('news', 1)
      await computer.advance(50)
    })
    expect(ups).toEqual(['publish'])
    expect(frames.map(({ t }) => t).sort()).toEqual(['ack', 'message'])
    expect(computer.apps.map(({ heard }) => heard)).toEqual(Array.from({ length: 10 }, () => [1]))
  })

  it('that was missed is recovered by each of them, once', async () => {
    const computer = startComputer()
    const { network } = computer
    await computer.openAll(10)
    for (let n = 0; n < 100; n++) await network.relay.publish('news', n)
    await computer.advance(50)
    computer.leader().device.cut()
    for (let n = 100; n < 200; n++) await network.relay.publish('news', n)
    const { frames } = await charactersDown(computer, () => computer.advance(2000))
    expect(computer.apps.map(({ heard, gaps }) => [heard.length, new Set(heard).size, gaps.length])).toEqual(Array.from({ length: 10 }, () => [200, 200, 0]))
    expect(frames.filter(({ t }) => t === 'page').length).toBeLessThanOrEqual(10)
  })
})
