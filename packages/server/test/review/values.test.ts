import { describe, expect, it } from 'vitest'
import { stage } from './stage.ts'

describe('a shared value', () => {
  it('does not swallow what is written before the first snapshot is there', async () => {
    const on = stage()
    const [ada, bob] = [on.page('ada'), on.page('bob')]
    const state = ada.session.state('s', 0)
    await on.network.advance(100)
    for (let value = 1; value <= 50; value++) state.set(value)
    await on.network.advance(100)
    const fresh = bob.session.state('s', 0)
    fresh.set(100)
    await on.network.advance(1000)
    expect([state.get(), fresh.get()]).toEqual([100, 100])
  })

  it('is one for all, whichever of two writes each tab saw first', async () => {
    const on = stage()
    const states = [on.page('ada'), on.page('bob'), on.page('cem')].map(({ session }) => session.state('s', 0))
    await on.network.advance(100)
    states[0]?.set(1)
    states[1]?.set(2)
    await on.network.advance(1000)
    expect(new Set(states.map(state => state.get())).size).toBe(1)
  })

  it('is what the log has last, not what was counted highest: a write that was made offline comes last', async () => {
    const on = stage()
    const [ada, bob] = [on.page('ada'), on.page('bob')]
    const [one, other] = [ada.session.state('s', 0), bob.session.state('s', 0)]
    await on.network.advance(100)
    ada.page.device.hold()
    one.set(1)
    for (let value = 2; value <= 9; value++) other.set(value)
    await on.network.advance(100)
    ada.page.device.release()
    await on.network.advance(1000)
    const fresh = on.page('cem').session.state('s', 0)
    await on.network.advance(1000)
    expect([one.get(), other.get(), fresh.get()]).toEqual([1, 1, 1])
  })

  it('does not go with the history around it', async () => {
    const on = stage({ history: { topics: 1, age: 1000 } })
    on.page('ada').session.state('s', 0).set(7)
    await on.network.advance(100)
    on.serve('a', 1)
    await on.network.advance(5000)
    const fresh = on.page('bob').session.state('s', 0)
    await on.network.advance(1000)
    expect(fresh.get()).toBe(7)
  })

  it('is not missed by who was away while it was written and the history around it went', async () => {
    const on = stage({ history: { topics: 1 } })
    const [ada, bob] = [on.page('ada'), on.page('bob')]
    const [one, other] = [ada.session.state('s', 0), bob.session.state('s', 0)]
    one.set(1)
    await on.network.advance(100)
    bob.page.device.cut({ unaware: 'client' })
    one.set(2)
    await on.network.advance(100)
    on.serve('a', 1)
    await on.network.advance(10_000)
    expect(other.get()).toBe(2)
  })

  it('is not the own one for ever when that was evicted from the log before it came back', async () => {
    const on = stage({ history: { messages: 1 } })
    const [ada, bob] = [on.page('ada'), on.page('bob')]
    const [one, other] = [ada.session.state('s', 0), bob.session.state('s', 0)]
    await on.network.advance(100)
    for (const { page } of [ada, bob]) page.device.hold('down')
    // Counted higher, and earlier in the log.
    other.set(2)
    other.set(3)
    await on.network.advance(50)
    one.set(1)
    await on.network.advance(50)
    for (const { page } of [ada, bob]) page.device.cut()
    for (const { page } of [ada, bob]) page.device.release()
    await on.network.advance(2000)
    expect([one.get(), other.get()]).toEqual([1, 1])
  })

  it('is what the page knows when it is opened again, then what the log has', async () => {
    const on = stage()
    const [ada, bob] = [on.page('ada'), on.page('bob')]
    const [one, other] = [ada.session.state('s', 0), bob.session.state('s', 0)]
    await on.network.advance(100)
    one.set(1)
    await on.network.advance(100)
    one.close()
    await on.network.advance(100)
    other.set(2)
    await on.network.advance(100)
    const again = ada.session.state('s', 0)
    const ready: unknown[] = []
    void again.ready.then(() => ready.push(again.get()))
    expect(again.get()).toBe(1)
    await on.network.advance(1000)
    expect([again.get(), ready]).toEqual([2, [2]])
  })

  it('is the own write that is still on its way when it is opened again', async () => {
    const on = stage()
    const [ada, bob] = [on.page('ada'), on.page('bob')]
    const [one, other] = [ada.session.state('s', 0), bob.session.state('s', 0)]
    await on.network.advance(100)
    ada.page.device.hold()
    one.set(1)
    one.close()
    await on.network.advance(100)
    const again = ada.session.state('s', 0)
    expect(again.get()).toBe(1)
    ada.page.device.release()
    await on.network.advance(1000)
    expect([again.get(), other.get()]).toEqual([1, 1])
  })

  it.each(['open', 'closed'])('goes by the log of a relay that has lost the old one, where less was counted: its handle was %s', async handle => {
    const on = stage()
    const [ada, bob] = [on.page('ada'), on.page('bob')]
    const one = ada.session.state('s', 0)
    await on.network.advance(100)
    for (let value = 1; value <= 50; value++) one.set(value)
    await on.network.advance(100)
    if (handle === 'closed') one.close()
    on.network.relay.restart({ log: 'lost' })
    await on.network.advance(30_000)
    const other = bob.session.state('s', 0)
    await on.network.advance(1000)
    other.set(100)
    await on.network.advance(1000)
    const again = handle === 'closed' ? ada.session.state('s', 0) : one
    await on.network.advance(1000)
    expect([again.get(), other.get()]).toEqual([100, 100])
  })
})
