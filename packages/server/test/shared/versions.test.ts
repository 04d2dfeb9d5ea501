import { describe, expect, it } from 'vitest'
import { SHARED_VERSION } from '../../../transport/src/shared/posts.ts'
import { type Computer, startComputer, type TabApp } from './browser.ts'
import { Traffic } from './traffic.ts'

const NEXT = SHARED_VERSION + 1

/** Three tabs that were open when the app was deployed anew, and three that came after it. */
async function mixed(computer: Computer): Promise<TabApp[]> {
  const apps = []
  for (let count = 0; count < 3; count++) apps.push(computer.open(), computer.open({ version: NEXT }))
  await computer.advance(500)
  return apps
}

describe('tabs of different versions side by side', () => {
  it('have a socket for each version, and disturb one another in nothing when those who have it crash', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    await mixed(computer)
    for (const version of [SHARED_VERSION, NEXT, NEXT]) {
      await traffic.run(300)
      expect(computer.network.relay.readings.connections).toBe(3)
      computer.crash(computer.leader(version))
      await traffic.run(20, 1)
      computer.open({ version })
    }
    await traffic.run(500)
    await traffic.check()
    expect(computer.network.relay.readings).toMatchObject({ connections: 3, subscriptions: 7 })
    expect(computer.leader(SHARED_VERSION)).not.toBe(computer.leader(NEXT))
    expect(computer.followers()).toHaveLength(4)
  })

  it('are each a member of their own, and leave alone', async () => {
    const computer = startComputer()
    const { session } = computer.observer()
    const room = session.presence('room')
    const events: string[] = []
    room.subscribe(({ type, member }) => void events.push(`${type} ${member.id}`))
    const apps = await mixed(computer)
    for (const app of apps) app.session.presence('room').enter()
    await computer.advance(100)
    expect(events.splice(0).sort()).toEqual(apps.map(app => `enter ${app.session.id}`).sort())
    const leaders = [computer.leader(SHARED_VERSION), computer.leader(NEXT)]
    for (const leader of leaders) computer.crash(leader)
    await computer.advance(500)
    expect(events.splice(0).sort()).toEqual(leaders.map(app => `leave ${app.session.id}`).sort())
    await computer.advance(30_000)
    expect(events).toEqual([])
    expect(room.members).toHaveLength(4)
  })

  it.each([[SHARED_VERSION, NEXT], [NEXT, SHARED_VERSION]])('keep session, membership and what was not said yet when one of version %i is reloaded as %i', async (before, after) => {
    const computer = startComputer()
    const observer = computer.observer()
    const events: string[] = []
    observer.session.presence('room').subscribe(({ type, member }) => void events.push(`${type} ${member.id}`))
    await mixed(computer)
    const [app] = computer.followers().filter(({ version }) => version === before)
    if (!app) throw new Error('nobody follows')
    const { id } = app.session
    app.session.presence('room').enter()
    await computer.advance(100)
    computer.network.hold('up')
    void app.session.publish('talk', 'at last')
    await computer.advance(20)
    const next = await computer.reload(app, { version: after })
    next.session.presence('room').enter()
    computer.network.release('up')
    await computer.advance(30_000)
    expect(next.session.id).toBe(id)
    expect(observer.heard).toEqual(['at last'])
    expect(events).toEqual([`enter ${id}`])
  })

  it('go on when the relay refuses those of another version for good', async () => {
    const computer = startComputer()
    const traffic = new Traffic(computer, computer.observer())
    const { network, apps } = computer
    network.filter({ up: (frame, { name }) => (frame.t === 'hello' && apps.some(app => app.name === name && app.version === NEXT) ? { ...frame, v: NEXT } : frame) })
    await computer.openAll(3)
    await traffic.run(100)
    const newer = [computer.open({ version: NEXT }), computer.open({ version: NEXT })]
    await computer.advance(500)
    for (const { hub } of newer) expect(hub.status).toMatchObject({ state: 'disconnected', cause: { code: 'protocol-version' } })
    for (const { hub, errors } of newer) {
      await hub.close()
      errors.splice(0)
    }
    await traffic.run(500)
    await traffic.check()
    expect(computer.followers()).toHaveLength(2)
  })
})
