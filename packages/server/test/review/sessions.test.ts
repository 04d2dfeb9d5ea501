import { describe, expect, it } from 'vitest'
import type { Ear, Voice } from '../chaos/page.ts'
import { errors, heard, reload, type Stage, stage } from './stage.ts'

describe('a publish without an answer', () => {
  it('is not said again to a relay that has forgotten the session', async () => {
    const on = stage()
    const ear = on.listen(on.page('ada'), '**')
    const speaker = on.page('bob')
    await on.network.advance(100)
    const undo = on.lose('ack')
    const said = on.say(speaker, 'a')
    await on.network.advance(50)
    undo()
    on.network.relay.restart({ how: 'kill', log: 'kept' })
    await on.network.advance(3000)
    expect([heard(ear), said.outcome?.code]).toEqual([['p1.0:1'], 'outcome-unknown'])
  })

  it('is not said again because the session was made known by an answer that was lost', async () => {
    const on = stage()
    const ear = on.listen(on.page('ada'), '**')
    const speaker = on.page('bob')
    await on.network.advance(100)
    const undo = on.lose('ack')
    const said = on.say(speaker, 'a')
    await on.network.advance(50)
    undo()
    let lost = 0
    on.network.filter({ down: (frame, device) => (frame.t === 'attached' && device === speaker.page.device && lost++ === 0 ? (device.cut(), undefined) : frame) })
    on.network.relay.restart({ how: 'kill', log: 'kept' })
    await on.network.advance(5000)
    expect([heard(ear), said.outcome?.code, lost]).toEqual([['p1.0:1'], 'outcome-unknown', 2])
  })

  it('is not said twice when it is sent again to one that remembers', async () => {
    const on = stage()
    const ear = on.listen(on.page('ada'), '**')
    const speaker = on.page('bob')
    await on.network.advance(100)
    const undo = on.lose('ack')
    const said = on.say(speaker, 'a')
    await on.network.advance(50)
    undo()
    speaker.page.device.cut()
    await on.network.advance(1000)
    expect([heard(ear), said.outcome?.offset]).toEqual([['p1.0:1'], 1])
  })

  it('is not acknowledged when it was refused, and does not hold up those behind it', async () => {
    const on = stage({ relay: { authorize: ({ topic }) => topic !== 'no' } })
    const ear = on.listen(on.page('ada'), 'a')
    const speaker = on.page('bob')
    await on.network.advance(100)
    const undo = on.lose('refused')
    const said = [on.say(speaker, 'no'), on.say(speaker, 'a')]
    await on.network.advance(50)
    undo()
    speaker.page.device.cut()
    await on.network.advance(1000)
    expect(said.map(({ outcome }) => outcome?.code)).toEqual(['forbidden', undefined])
    expect(heard(ear)).toEqual(['p1.0:2'])
  })

  it('of a page that crashed does not take the place of one of the next page, whatever its storage says', async () => {
    const on = stage()
    const ear = on.listen(on.page('ada'), '**')
    const speaker = on.page('bob')
    await on.network.advance(100)
    on.say(speaker, 'a')
    await on.network.advance(50)
    const older = new Map(speaker.page.stored)
    on.say(speaker, 'a')
    await on.network.advance(50)
    speaker.page.tab.crash()
    speaker.page.device.end()
    const next = on.page('bob', on.browser.openTab({ sessionStorage: Object.fromEntries(older) }), older)
    const said = on.say(next, 'a')
    await on.network.advance(3000)
    expect([heard(ear), said.outcome?.code]).toEqual([['p1.0:1', 'p1.0:2', 'p2.0:1'], undefined])
  })

  it.each([true, false])('is said once where its tab was duplicated, with locks or without: %s', async locks => {
    const on = stage()
    const ear = on.listen(on.page('ada'), '**')
    const tab = on.browser.openTab({ locks })
    const speaker = on.page('bob', tab)
    await on.network.advance(100)
    speaker.page.device.hold('up')
    on.say(speaker, 'a')
    await on.network.advance(50)
    const twin = on.page('bob', tab.duplicate(), new Map(speaker.page.stored))
    on.say(twin, 'a')
    await on.network.advance(100)
    speaker.page.device.release()
    await on.network.advance(3000)
    expect(heard(ear).sort()).toEqual(['p1.0:1', 'p2.0:1'])
    expect(twin.id()).not.toBe(speaker.id())
    expect([errors(speaker.page), errors(twin.page)]).toEqual([[], []])
  })

  it('is said once when its page is loaded anew before the answer', async () => {
    const on = stage()
    const ear = on.listen(on.page('ada'), '**')
    const speaker = on.page('bob')
    await on.network.advance(100)
    const undo = on.lose('ack')
    on.say(speaker, 'a')
    await on.network.advance(50)
    undo()
    const next = await reload(on, speaker)
    await on.network.advance(1000)
    on.say(next, 'a')
    await on.network.advance(1000)
    expect([heard(ear), errors(next.page)]).toEqual([['p1.0:1', 'p2.0:1'], []])
  })
})

describe('a publish whose session the relay has forgotten in the meantime', () => {
  it('ends as unknown, and is heard once, when its page is back too late', async () => {
    const on = stage({ relay: { limits: { resume: 8000 } } })
    const ear = on.listen(on.page('ada'), '**')
    const speaker = on.page('bob')
    await on.network.advance(100)
    const undo = on.lose('ack')
    const [said, other] = [on.say(speaker, 'a'), on.say(speaker, 'a')]
    await on.network.advance(50)
    undo()
    speaker.page.device.hold()
    speaker.page.device.cut()
    await on.network.advance(20_000)
    expect([said.outcome, other.outcome]).toEqual([undefined, undefined])
    speaker.page.device.release()
    await on.network.advance(20_000)
    expect([heard(ear), said.outcome?.code, other.outcome?.code]).toEqual([['p1.0:1', 'p1.0:2'], 'outcome-unknown', 'outcome-unknown'])
    const later = on.say(speaker, 'a')
    await on.network.advance(100)
    expect([heard(ear).slice(2), later.outcome?.offset, errors(speaker.page)]).toEqual([['p1.0:3'], 3, []])
  })

  it.each([100, 20_000])('ends as unknown, and is heard once, when its tab is opened again after %d ms with what it had stored then', async away => {
    const on = stage({ relay: { limits: { resume: 8000 } } })
    const ear = on.listen(on.page('ada'), '**')
    const speaker = on.page('bob')
    await on.network.advance(100)
    on.say(speaker, 'a')
    // The relay has it, and the answer is on its way.
    await on.network.advance(7)
    const older = new Map(speaker.page.stored)
    await on.network.advance(50)
    const said = on.say(speaker, 'a')
    await on.network.advance(50)
    expect(said.outcome?.offset).toBe(2)
    speaker.page.tab.close()
    speaker.page.device.end()
    await on.network.advance(away)
    const next = on.page('bob', on.browser.openTab({ sessionStorage: Object.fromEntries(older) }), older)
    await on.network.advance(3000)
    const last = on.say(next, 'a')
    await on.network.advance(100)
    expect([heard(ear), errors(next.page), last.outcome?.offset]).toEqual([['p1.0:1', 'p1.0:2', 'p2.0:1'], ['outcome-unknown'], 3])
  })
})

describe('a publish that the storage of its tab has no room for', () => {
  /** A page that has said so much while nothing reached the relay; its storage has room for two. */
  async function overfull(count: number): Promise<{ on: Stage; ear: Ear; speaker: Voice }> {
    const on = stage({ storage: 1600 })
    const ear = on.listen(on.page('ada'), '**')
    const speaker = on.page('bob')
    await on.network.advance(100)
    speaker.page.device.hold('up')
    for (let n = 0; n < count; n++) on.say(speaker, 'a')
    await on.network.advance(50)
    return { on, ear, speaker }
  }

  it('ends as unknown when its page is loaded anew', async () => {
    const { on, ear, speaker } = await overfull(5)
    speaker.page.device.cut()
    const next = await reload(on, speaker)
    await on.network.advance(1000)
    expect(heard(ear)).toEqual(['p1.0:1', 'p1.0:2'])
    expect(errors(next.page)).toEqual(['outcome-unknown', 'outcome-unknown', 'outcome-unknown'])
    on.say(next, 'a')
    const last = await reload(on, next)
    await on.network.advance(1000)
    expect([heard(ear).slice(2), errors(last.page)]).toEqual([['p2.0:1'], []])
  })

  it('ends as unknown when pages in between were loaded without a connection, and leaves no other one behind', async () => {
    const { on, ear, speaker } = await overfull(200)
    speaker.page.device.cut()
    on.network.relay.stop({ how: 'kill' })
    const second = await reload(on, speaker)
    await on.network.advance(100)
    on.say(second, 'a')
    const third = await reload(on, second)
    await on.network.advance(100)
    on.network.relay.start()
    await on.network.advance(30_000)
    on.say(third, 'a')
    await on.network.advance(100)
    expect([errors(second.page), errors(third.page).length, heard(ear).length]).toEqual([[], 201, 1])
    expect(third.session.id).toBe(speaker.session.id)
  })

  it('is reported by nobody once it was accepted', async () => {
    const { on, ear, speaker } = await overfull(5)
    speaker.page.device.release()
    await on.network.advance(100)
    const next = await reload(on, speaker)
    await on.network.advance(1000)
    expect([heard(ear).length, errors(next.page)]).toEqual([5, []])
  })

  it('is reported by the original alone when its tab was duplicated', async () => {
    const { on, speaker } = await overfull(5)
    const twin = on.page('bob', speaker.page.tab.duplicate(), new Map(speaker.page.stored))
    await on.network.advance(100)
    expect([twin.id() === speaker.id(), errors(twin.page)]).toEqual([false, []])
  })

  it('of a session that was closed ends as unknown, too', async () => {
    const { on, speaker } = await overfull(5)
    speaker.session.close()
    const next = await reload(on, speaker)
    await on.network.advance(1000)
    expect(errors(next.page)).toEqual(['outcome-unknown', 'outcome-unknown', 'outcome-unknown'])
  })
})

describe('a ghost', () => {
  it('of a former connection does not take the session back', async () => {
    const on = stage()
    const voice = on.page('ada')
    const ear = on.listen(voice, 'a')
    // Its attach is on its way when the page freezes; it goes on with another connection, and then it arrives.
    on.network.filter({ down: (frame, { connections }) => (frame.t === 'welcome' && connections[0]?.hold('up'), frame) })
    await on.network.advance(15)
    const [ghost] = voice.page.device.connections
    voice.page.tab.freeze()
    await on.network.advance(10)
    on.network.filter({ down: (frame, { connections }) => (frame.t === 'welcome' && connections.at(-1)?.release('up'), frame) })
    const { id } = voice.session
    voice.page.tab.resume()
    await on.network.advance(100)
    ghost?.release('up')
    await on.network.advance(100)
    on.serve('a', 1)
    await on.network.advance(100)
    expect([heard(ear), voice.session.id, voice.page.hub.status.state]).toEqual([['server:1'], id, 'connected'])
  })
})

describe('a connection that nobody has told to be over', () => {
  it('is given up by a client that only listens', async () => {
    const on = stage()
    const voice = on.page('ada')
    const ear = on.listen(voice, 'a')
    await on.network.advance(100)
    voice.page.device.cut({ unaware: 'both' })
    on.serve('a', 1)
    await on.network.advance(10_000)
    expect([heard(ear), voice.page.hub.status.state]).toEqual([['server:1'], 'connected'])
  })

  it('is given up by the relay, for a page that hangs: it leaves', async () => {
    const on = stage()
    const [watcher, voice] = [on.page('ada'), on.page('bob')]
    voice.room.enter(1)
    await on.network.advance(100)
    expect(watcher.room.members).toHaveLength(1)
    voice.page.tab.freeze({ silent: true, deep: true })
    voice.page.device.hold('down')
    await on.network.advance(12_000)
    expect(watcher.room.members).toHaveLength(0)
  })
})

describe('a relay that closes on purpose', () => {
  it('does not have all clients back at once, but spread over the time that it names', async () => {
    const on = stage()
    const voices = Array.from({ length: 20 }, () => on.page('ada'))
    await on.network.advance(10_000)
    const { clock, relay } = on.network
    relay.restart({ how: 'close', log: 'kept', spread: 4000 })
    const start = clock.now()
    await on.network.advance(6000)
    const times = voices.map(({ page }) => (page.attempts.find(({ time }) => time >= start)?.time ?? Infinity) - start)
    expect(times.filter(time => time < 400).length).toBeLessThan(6)
    expect([Math.max(...times) > 2000, Math.max(...times) <= 4010]).toEqual([true, true])
    expect(voices.every(({ page }) => page.hub.status.state === 'connected')).toBe(true)
  })
})
