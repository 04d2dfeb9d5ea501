import { createHub, type PresenceEvent, type Session } from '@earshot/core'
import { createTestBrowser, type TestTab } from '@earshot/core/testing'
import { createTestNetwork, type TestDevice, type TestNetwork } from '@earshot/server/testing'
import { webSocket } from '@earshot/transport'
import { describe, expect, it } from 'vitest'

/** Enough to make a socket busy that takes nothing: what the network itself takes in, and 65,536 characters more. */
const BULK = 'x'.repeat(70_000)

interface Scene {
  readonly network: TestNetwork
  readonly device: TestDevice
  readonly tab: TestTab
  readonly session: Session
  open(): Session
  /** Entries that passed the socket, as `topic data` or `topic gone`. */
  readonly said: readonly string[]
  /** What somebody else sees of the room. */
  readonly seen: readonly string[]
  hold(): Promise<void>
}

async function scene(): Promise<Scene> {
  const network = createTestNetwork()
  const { url, clock } = network
  const browser = createTestBrowser({ clock })
  const open = (device: TestDevice, tab: TestTab): (() => Session) => {
    const { page, locks, sessionStorage } = tab.env
    const hub = createHub({ transport: webSocket({ url, WebSocket: device.WebSocket, clock, page, locks, sessionStorage }), clock })
    return () => hub.openSession()
  }
  const device = network.device()
  const tab = browser.openTab()
  const openHere = open(device, tab)
  const session = openHere()
  const seen: string[] = []
  const note = ({ type, member }: PresenceEvent): void => void seen.push(`${type} ${String(member.data)}`)
  open(network.device(), browser.openTab())().presence('room').subscribe(note)
  const said: string[] = []
  network.filter({
    up(frame, by) {
      if (frame.t === 'presence' && by === device) said.push(`${frame.topic} ${frame.here ? String(frame.data) : 'gone'}`)
      return frame
    },
  })
  session.presence('room').enter('first')
  await network.advance(500)
  return {
    network,
    device,
    tab,
    session,
    open: openHere,
    said,
    seen,
    async hold() {
      device.hold('up')
      for (let n = 0; n < 2; n++) void session.publish('bulk', BULK)
      await network.advance(10)
    },
  }
}

describe('a socket that has much to send', () => {
  it('says of each member only what holds, once a second, and that to the end', async () => {
    const { network, device, session, said, seen, hold } = await scene()
    await hold()
    for (let n = 1; n <= 600; n++) {
      session.presence('room').update(n)
      await network.advance(5)
    }
    device.release('up')
    await network.advance(2000)
    // In three seconds three of six hundred, and the last.
    expect(said).toEqual(['room first', 'room 200', 'room 400', 'room 600'])
    expect(seen.at(-1)).toBe('update 600')
  })

  it('says of each topic and each session what holds of it', async () => {
    const { network, device, session, said, open, hold } = await scene()
    const other = open()
    const told = [session.presence('the "hall"'), other.presence('room')] as const
    for (const presence of told) presence.enter(0)
    await network.advance(500)
    await hold()
    for (let n = 1; n <= 3; n++) {
      session.presence('room').update(n)
      told[0].update(-n)
      told[1].update(n * 10)
    }
    device.release('up')
    await network.advance(2000)
    expect(said.slice(3)).toEqual(['room 3', 'the "hall" -3', 'room 30'])
  })

  it('says at once who enters', async () => {
    const { network, device, session, said, hold } = await scene()
    await hold()
    session.presence('hall').enter(1)
    session.presence('hall').update(2)
    device.release('up')
    await network.advance(10)
    expect(said.slice(1)).toEqual(['hall 1'])
    await network.advance(1000)
    expect(said.slice(1)).toEqual(['hall 1', 'hall 2'])
  })

  it('says who is there before what waits, when it is connected again', async () => {
    const { network, device, session, said, seen, hold } = await scene()
    await hold()
    device.cut()
    device.release('up')
    await network.advance(30_000)
    expect([said.slice(1), seen]).toEqual([['room first'], ['enter first']])
    expect(session.presence('room').self?.data).toBe('first')
  })

  it('says at once who leaves, and nothing of them after it', async () => {
    const { network, device, session, said, seen, hold } = await scene()
    await hold()
    session.presence('room').update('second')
    session.presence('room').leave()
    device.release('up')
    await network.advance(10)
    expect(said).toEqual(['room first', 'room gone'])
    expect(seen).toEqual(['enter first', 'leave first'])
    session.presence('room').enter('again')
    await network.advance(500)
    expect(said.at(-1)).toBe('room again')
  })

  it('says what holds before the page leaves, which may be back', async () => {
    const { network, device, tab, session, said, seen, hold } = await scene()
    await hold()
    session.presence('room').update('last')
    tab.freeze()
    device.release('up')
    await network.advance(500)
    expect(said.slice(1)).toEqual(['room last'])
    expect(seen).toEqual(['enter first', 'update last'])
  })

  it('says it when it is connected again', async () => {
    const { network, device, session, said, seen, hold } = await scene()
    await hold()
    session.presence('room').update('before the cut')
    device.cut()
    session.presence('room').update('after the cut')
    device.release('up')
    await network.advance(20_000)
    expect(said).toEqual(['room first', 'room after the cut'])
    expect(seen).toEqual(['enter first', 'update after the cut'])
  })
})
