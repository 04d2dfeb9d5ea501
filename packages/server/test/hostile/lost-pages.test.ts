import { describe, expect, it } from 'vitest'
import type { Peer } from '../support/peer.ts'
import { attacked, type Attacked } from '../support/attacked.ts'

/** A page that is a member of a room, and shares its connection with nobody yet. */
async function member({ welcomed }: Attacked, user: string, tab: string, session: string): Promise<Peer> {
  const peer = await welcomed(user)
  await peer.attach(0, { session, tab })
  peer.say({ t: 'presence', s: 0, topic: 'room', here: true, data: session, since: 0, clock: 1 })
  await peer.settled(0)
  return peer
}

const byToken = { authenticate: (_: unknown, token: string | undefined) => ({ userId: token ?? null }) }

describe('a page that is said to have crashed', () => {
  it('is no member any more when its connection is gone, and may come back', async () => {
    const scene = await attacked(byToken)
    const { relay, welcomed } = scene
    const first = await member(scene, 'ada', 'tab 1', 'ada1')
    const other = await member(scene, 'ada', 'tab 2', 'ada2')
    first.socket.terminate()
    await scene.talk()
    expect(relay.presence('room')).toHaveLength(2)
    other.say({ t: 'lost', tab: 'tab 1' })
    await other.settled(0)
    expect(relay.presence('room').map(({ id }) => id)).toEqual(['ada2'])
    const back = await welcomed('ada')
    expect(await back.attach(0, { session: 'ada1', attach: 2, tab: 'tab 3' })).toMatchObject({ session: 'ada1' })
  })

  it('is no member any more when it was on the same connection', async () => {
    const scene = await attacked(byToken)
    const peer = await member(scene, 'ada', 'tab 1', 'ada1')
    await peer.attach(1, { session: 'ada2', tab: 'tab 2' })
    peer.say({ t: 'lost', tab: 'tab 1' })
    await peer.settled(1)
    expect(scene.relay.presence('room')).toEqual([])
    expect(peer.of('detached')).toEqual([])
  })

  it('stays when it is connected, or came back as another page', async () => {
    const scene = await attacked(byToken)
    const first = await member(scene, 'ada', 'tab 1', 'ada1')
    const other = await member(scene, 'ada', 'tab 2', 'ada2')
    other.say({ t: 'lost', tab: 'tab 1' })
    await other.settled(0)
    first.socket.terminate()
    const back = await scene.welcomed('ada')
    await back.attach(0, { session: 'ada1', attach: 2, tab: 'tab 3' })
    back.say({ t: 'presence', s: 0, topic: 'room', here: true, data: 'ada1', since: 0, clock: 1 })
    await back.settled(0)
    other.say({ t: 'lost', tab: 'tab 1' })
    await other.settled(0)
    expect(scene.relay.presence('room')).toHaveLength(2)
  })

  it.each(['mallory', undefined])('stays when somebody else says so: %s', async user => {
    const scene = await attacked(byToken)
    const first = await member(scene, 'ada', 'tab 1', 'ada1')
    const liar = await scene.welcomed(user)
    await liar.attach(0)
    first.socket.terminate()
    await scene.talk()
    liar.say({ t: 'lost', tab: 'tab 1' })
    await liar.settled(0)
    expect(scene.relay.presence('room').map(({ id }) => id)).toEqual(['ada1'])
  })
})
