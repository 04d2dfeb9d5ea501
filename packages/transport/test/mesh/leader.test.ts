import { createTestBrowser } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { type App, openApps, startApp } from '../support/tabs.ts'

/** Follows who leads: `+name` and `-name`. */
function follow(apps: readonly App[]): string[] {
  const led: string[] = []
  for (const [index, { hub }] of apps.entries()) {
    hub.onLeader(() => {
      led.push(`+${index}`)
      return () => led.push(`-${index}`)
    })
  }
  return led
}

describe('claims', () => {
  it('run in one tab, however many ask at once', async () => {
    const { browser, apps } = await openApps(5, { latency: 3, reorderGrants: true })
    const ran: number[] = []
    const claims = apps.map(({ session }, index) => session.claim('toast:17', () => ran.push(index)))
    await browser.advance(100)
    expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1)
    expect(ran).toHaveLength(1)
  })

  it('run in none again for sixty seconds while the runner lives, and again after', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const ran: string[] = []
    const claim = async (app: App, name: string): Promise<boolean> => {
      const outcome = app.session.claim('toast', () => ran.push(name))
      await browser.settle()
      return outcome
    }
    expect(await claim(a, 'a')).toBe(true)
    await browser.advance(59_000)
    expect([await claim(b, 'b'), await claim(a, 'a again')]).toEqual([false, false])
    await browser.advance(1500)
    expect(await claim(b, 'b')).toBe(true)
    expect(ran).toEqual(['a', 'b'])
  })

  it('can be had again when the runner dies', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    void a.session.claim('toast', () => {})
    await browser.settle()
    a.tab.crash()
    const again = b.session.claim('toast', () => {})
    await browser.settle()
    expect(await again).toBe(true)
  })

  it('of different ids do not know one another', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const claims = Promise.all([a.session.claim('x', () => {}), b.session.claim('y', () => {})])
    await browser.settle()
    expect(await claims).toEqual([true, true])
  })

  it('reject with what the task throws, and stay taken', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const failing = a.session.claim('x', () => Promise.reject(new Error('no paper'))).catch((error: Error) => error.message)
    await browser.settle()
    const second = b.session.claim('x', () => {})
    await browser.settle()
    expect([await failing, await second]).toEqual(['no paper', false])
  })

  it('are refused without Web Locks, as leading is', async () => {
    const { apps } = await openApps(1, { locks: false })
    const [a] = apps as [App]
    await expect(a.session.claim('x', () => {})).rejects.toMatchObject({ code: 'unsupported' })
    expect(() => a.hub.onLeader(() => {})).toThrowError(expect.objectContaining({ code: 'unsupported' }))
  })
})

describe('what was asked for before it was known that locks are denied', () => {
  it('is refused: claims with an error, tasks of the leader with a report', async () => {
    const browser = createTestBrowser({ locks: 'denied' })
    const app = startApp(browser.openTab())
    const led: string[] = []
    app.hub.onLeader(() => void led.push('one'))
    app.hub.onLeader(() => void led.push('two'))
    const claim = app.session.claim('toast', () => void led.push('claim'))
    await expect(claim).rejects.toMatchObject({ code: 'unsupported', details: { name: 'claim' } })
    await browser.advance(1000)
    expect(led).toEqual([])
    expect(app.errors.map(({ code, details }) => [code, details])).toEqual([['unsupported', { name: 'onLeader' }]])
    expect(app.hub.status.state).toBe('connected')
  })
})

describe('the leader', () => {
  it.each(['crash', 'close', 'freeze', 'bfcache', 'navigate'] as const)('hands over at %s', async end => {
    const { browser, apps } = await openApps(3)
    const led = follow(apps)
    await browser.settle()
    apps[0]?.tab[end]()
    await browser.advance(100)
    expect(led.filter(event => event.startsWith('+'))).toEqual(['+0', '+1'])
    // A page that crashes runs nothing any more; the others undo what they did.
    expect(led.filter(event => event.startsWith('-'))).toEqual(end === 'crash' ? [] : ['-0'])
  })

  it('hands over when its hub is closed, and when it has nothing left to do', async () => {
    const { browser, apps } = await openApps(3)
    const led = follow(apps.slice(1))
    await browser.settle()
    void apps[1]?.hub.close()
    await browser.settle()
    expect(led).toEqual(['+0', '-0', '+1'])
    const late = startApp(browser.openTab())
    const stop = late.hub.onLeader(() => void led.push('+late'))
    await browser.advance(500)
    void apps[2]?.hub.close()
    await browser.settle()
    expect(led.slice(3)).toEqual(['-1', '+late'])
    stop()
    await browser.settle()
    expect(late.tab.leaks().locks).toBe(2)
  })

  it('steps down when the lead is stolen from it, and one of them leads again when the thief lets go', async () => {
    const { browser, apps } = await openApps(3)
    const led = follow(apps)
    await browser.settle()
    let letGo = (): void => {}
    const thief = browser.openTab().env.locks?.request('earshot:app::leader', { steal: true }, () => new Promise<void>(resolve => (letGo = resolve)))
    await browser.settle()
    expect(led).toEqual(['+0', '-0'])
    expect(apps.map(({ hub }) => hub.status.state)).toEqual(['connected', 'connected', 'connected'])
    letGo()
    await browser.settle()
    await thief
    expect(led).toEqual(['+0', '-0', '+1'])
    apps[1]?.tab.crash()
    apps[2]?.tab.crash()
    await browser.settle()
    expect(led.at(-1)).toBe('+0')
    expect(apps.flatMap(({ errors }) => errors)).toEqual([])
  })

  it('is never a tab that is frozen or cached, until it is back', async () => {
    const { browser, apps } = await openApps(2)
    const [a, b] = apps as [App, App]
    const led = follow(apps)
    await browser.settle()
    b.tab.freeze()
    a.tab.crash()
    await browser.advance(100)
    expect(led).toEqual(['+0'])
    b.tab.resume()
    await browser.advance(500)
    expect(led).toEqual(['+0', '+1'])
  })

  it('runs each task once, also one that comes later, and reports one that throws', async () => {
    const { browser, apps } = await openApps(1)
    const [a] = apps as [App]
    const led = follow(apps)
    await browser.settle()
    a.hub.onLeader(() => {
      throw new Error('cannot lead')
    })
    a.hub.onLeader(() => void led.push('+late'))
    await browser.settle()
    expect(led).toEqual(['+0', '+late'])
    expect(a.errors).toMatchObject([{ code: 'listener-failed' }])
  })
})
