import { CLOSE } from '@earshot/core/protocol'
import { describe, expect, it } from 'vitest'
import { openPeer } from './support.ts'

describe('a connection', () => {
  it('sends what is said in one turn in one piece', () => {
    const peer = openPeer()
    peer.connection.say({ t: 'ping' })
    peer.connection.write('{"t":"renew"}')
    expect(peer.connection.buffered).toBe('{"t":"ping"}{"t":"renew"}'.length)
    expect(peer.frames()).toEqual([{ t: 'ping' }, { t: 'renew' }])
    expect(peer.connection.buffered).toBe(0)
  })

  it('says why it is closed after everything else, and nothing more', () => {
    const peer = openPeer()
    const { connection } = peer
    connection.say({ t: 'ping' })
    connection.close(CLOSE.forbidden, { code: 'forbidden', reason: 'not here', spread: 0 })
    connection.close(CLOSE.timeout, { code: 'timeout', reason: 'too late', spread: 0 })
    connection.say({ t: 'ping' })
    expect(peer.frames()).toEqual([{ t: 'ping' }, { t: 'bye', code: 'forbidden', reason: 'not here', spread: 0 }])
    expect(peer.closed).toEqual([{ code: 4403, reason: 'not here' }])
    expect(connection.state).toBe('closed')
  })

  it.each([
    ['short', 'no', 2],
    ['long', 'n'.repeat(10_000), 123],
    ['long in another script', 'нет'.repeat(3000), 61],
    ['long, with signs of four bytes', '😀'.repeat(3000), 60],
  ])('bounds a reason by what frames and sockets have room for: %s', (_, reason, characters) => {
    const peer = openPeer()
    peer.connection.close(CLOSE.unauthorized, { code: 'unauthorized', reason, spread: 0 })
    expect(peer.frames()).toEqual([{ t: 'bye', code: 'unauthorized', reason: reason.slice(0, 1000), spread: 0 }])
    const [closed] = peer.closed
    expect(closed?.reason).toBe(reason.slice(0, characters))
    expect(Buffer.byteLength(closed?.reason ?? '')).toBeLessThanOrEqual(123)
  })
})

describe('room for a long answer', () => {
  it('is there as long as little waits to be sent', async () => {
    const peer = openPeer(undefined, 100)
    peer.buffered = 99
    await expect(peer.connection.room()).resolves.toBeUndefined()
  })

  it('is waited for until enough was sent', async () => {
    const peer = openPeer(undefined, 100)
    const { connection } = peer
    peer.buffered = 100
    let answered = 0
    const waiting = [1, 2].map(() => connection.room().then(() => answered++))
    for (const buffered of [100, 150, 100]) {
      peer.buffered = buffered
      connection.drained()
      await Promise.resolve()
    }
    expect(answered).toBe(0)
    peer.buffered = 99
    connection.drained()
    await Promise.all(waiting)
    expect(answered).toBe(2)
  })

  it('is not there while much was said in this turn', async () => {
    const peer = openPeer(undefined, 100)
    const { connection } = peer
    connection.say({ t: 'gap', s: 0, topics: ['x'.repeat(100)] })
    let answered = false
    const waiting = connection.room().then(() => (answered = true))
    connection.drained()
    await Promise.resolve()
    expect(answered).toBe(false)
    expect(peer.frames().length).toBe(1)
    connection.drained()
    await waiting
  })

  it('is there at once when nobody will hear the answer', async () => {
    const peer = openPeer(undefined, 100)
    peer.buffered = 1000
    const waiting = peer.connection.room()
    peer.connection.ended()
    await waiting
    await peer.connection.room()
    expect(peer.connection.state).toBe('closed')
  })
})

describe('what is sent', () => {
  it.each([
    ['little', 2000, 0, 10, false],
    ['so much that there may be no room afterwards, in letters of three bytes', 2000, 0, 650, true],
    ['so much that there may be none after what waits already', 2000, 1900, 10, true],
    ['less than that', 2000, 1800, 10, false],
    ['as much as the room, in one turn', 2000, 0, 2000, true],
  ])('is reported by the socket when it was %s', (_, room, buffered, length, reports) => {
    const peer = openPeer(undefined, room)
    peer.buffered = buffered
    peer.connection.say({ t: 'gap', s: 0, topics: ['x'.repeat(length)] })
    expect(peer.frames().length).toBe(1)
    expect(peer.reports).toEqual([reports])
  })
})

describe('a client that does not read', () => {
  it('is not listened to until it has read enough', () => {
    const peer = openPeer(undefined, 100)
    const speak = (buffered: number): boolean => {
      peer.connection.say({ t: 'ping' })
      peer.buffered = buffered
      peer.frames()
      return peer.isPaused
    }
    expect([speak(99), speak(100), speak(500)]).toEqual([false, true, true])
    const read = (buffered: number): boolean => {
      peer.buffered = buffered
      peer.connection.drained()
      return peer.isPaused
    }
    expect([read(200), read(100), read(99)]).toEqual([true, true, false])
  })

  it('is listened to again when it is closed, so that it can close its end', () => {
    const peer = openPeer(undefined, 100)
    peer.buffered = 1000
    peer.connection.say({ t: 'ping' })
    peer.frames()
    expect(peer.isPaused).toBe(true)
    peer.connection.close(CLOSE.timeout, { code: 'timeout', reason: 'too late', spread: 0 })
    expect([peer.isPaused, peer.closed.length]).toEqual([false, 1])
  })
})
