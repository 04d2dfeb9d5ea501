import { describe, expect, it } from 'vitest'
import { attacked } from '../support/attacked.ts'
import { attachFrame, type Peer, publishFrame } from '../support/peer.ts'

const publishes = { perSecond: 10, burst: 20 }
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** Publishes as much as a session may at once, and once more. */
async function spend(peer: Peer, s: number): Promise<void> {
  peer.say(...numbers(21).map(n => publishFrame(s, n + 1, 'a', n)))
  await peer.settled(s)
}

describe('a client that calls itself another one each time', () => {
  it.each<[how: string, leave: (peer: Peer, round: number) => void, index: (round: number) => number]>([
    ['is replaced', () => {}, () => 0],
    ['ends', peer => peer.say({ t: 'detach', s: 0, reload: false }), () => 0],
    ['unloads', peer => peer.say({ t: 'detach', s: 0, reload: true }), () => 0],
    ['is said to have crashed', peer => peer.say({ t: 'lost', tab: 'tab' }), () => 0],
    ['ends, under other indexes', (peer, round) => peer.say({ t: 'detach', s: round, reload: false }), round => round],
    ['says what makes no sense', (peer, round) => peer.send(`{"t":"publish","s":${round}}`), round => round],
  ])('may say no more than one, when the former one %s', async (_, leave, index) => {
    const { welcomed, clock } = await attacked({ byHand: true, limits: { publishes } })
    const peer = await welcomed()
    for (const round of numbers(10)) {
      await peer.attach(index(round), { session: `name ${round}`, tab: 'tab' })
      await spend(peer, index(round))
      leave(peer, round)
    }
    expect(peer.of('ack').length).toBe(20)
    await clock.advance(1000)
    await peer.attach(index(10))
    await spend(peer, index(10))
    expect(peer.of('ack').length).toBe(30)
  })

  it('has as many sessions as a connection may have, with those that have something to do yet', async () => {
    const answers: ((allowed: boolean) => void)[] = []
    const { welcomed } = await attacked({ limits: { sessions: 3 }, authorize: ({ topic }) => (topic === 'settled' ? true : new Promise<boolean>(resolve => answers.push(resolve))) })
    const peer = await welcomed()
    for (const s of numbers(3)) {
      await peer.attach(s)
      peer.say(publishFrame(s, 1, `slow ${s}`, 1), { t: 'detach', s, reload: false })
    }
    peer.say(attachFrame(3))
    expect(await peer.next('detached')).toMatchObject({ s: 3, code: 'rate-limited', reason: 'a connection may have 3 sessions' })
    for (const answer of answers) answer(true)
    while (peer.of('ack').length < 3) await peer.changed()
    for (const s of [4, 5, 6]) await peer.attach(s)
  })
})

describe('honest tabs', () => {
  it('behind one socket have their own rates, fifty of them at once', async () => {
    const { welcomed } = await attacked({ byHand: true, limits: { publishes } })
    const peer = await welcomed()
    for (const s of numbers(50)) await peer.attach(s)
    for (const s of numbers(50)) peer.say(...numbers(20).map(n => publishFrame(s, n + 1, 'a', n)))
    for (const s of numbers(50)) await peer.settled(s)
    expect([peer.of('ack').length, peer.of('refused')]).toEqual([1000, []])
  })

  it('that come back on another connection have what they had', async () => {
    const { welcomed } = await attacked({ byHand: true, limits: { publishes } })
    const peer = await welcomed()
    const { session, record } = await peer.attach(0)
    peer.say(...numbers(15).map(n => publishFrame(0, n + 1, 'a', n)))
    await peer.settled(0)
    peer.end()
    const next = await welcomed()
    await next.attach(1)
    await next.attach(0, { session, record, attach: 2 })
    for (const s of [0, 1]) next.say(...numbers(20).map(n => publishFrame(s, n + 16, 'a', n)))
    for (const s of [0, 1]) await next.settled(s)
    expect([0, 1].map(s => next.of('ack').filter(ack => ack.s === s).length)).toEqual([5, 20])
  })
})
