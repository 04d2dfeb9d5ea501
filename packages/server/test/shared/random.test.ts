import { seededRandom } from '@earshot/core/testing'
import { describe, expect, it } from 'vitest'
import { SHARED_VERSION } from '../../../transport/src/shared/posts.ts'
import { type Computer, startComputer, type TabApp } from './browser.ts'
import { Traffic } from './traffic.ts'

type Act = (computer: Computer, app: TabApp) => unknown

const ACTS: [string, Act][] = [
  ['open', ({ open, living }, { version }) => living().length < 7 && open({ version })],
  ['crash', ({ crash, living }, app) => living().length > 2 && crash(app)],
  ['close', ({ living }, { tab }) => living().length > 2 && tab.close()],
  ['close the hub', ({ living }, { hub }) => living().length > 2 && hub.close()],
  ['reload', ({ reload }, app) => reload(app)],
  ['hide', (_, { tab }) => tab.hide()],
  ['show', (_, { tab }) => tab.show()],
  ['freeze', (_, { tab }) => tab.freeze()],
  ['hang', ({ hang }, app) => hang(app)],
  ['cache', (_, { tab }) => tab.bfcache()],
  ['cut', (_, { device }) => device.cut()],
  ['deafen', (_, { device }) => device.cut({ unaware: 'both' })],
]

/** Whatever sleeps goes on. */
function wake({ apps, thaw }: Computer): void {
  for (const app of apps) {
    if (app.tab.state === 'frozen') thaw(app)
    else if (app.tab.state === 'cached') app.tab.back()
  }
}

async function play(seed: number, share: number, versions: readonly number[]): Promise<void> {
  const random = seededRandom(seed)
  const computer = startComputer({ browser: { latency: () => random() * 3, reorderGrants: true }, latency: () => random() * 8, relay: { authenticate: (_, token) => ({ userId: token ?? null }), limits: { ping: 2000 } } })
  const traffic = new Traffic(computer, computer.observer())
  for (let count = 0; count < 4; count++) computer.open({ version: versions[count % versions.length] ?? SHARED_VERSION })
  await computer.advance(500)
  const stop = computer.browser.intercept(() => (random() < share ? 'drop' : 'deliver'))
  const done: string[] = []
  let mayForget = share > 0
  for (let count = 0; count < 12; count++) {
    const [name, act] = ACTS[Math.floor(random() * ACTS.length)] ?? ['', () => {}]
    // Mostly the one that all depends on.
    const living = computer.living()
    const leaders = living.filter(({ hub }) => hub.status.via === 'leader')
    const app = (random() < 0.5 && leaders[count % leaders.length]) || living[Math.floor(random() * living.length)]
      // What a page says before the relay knows of it, the next page can only take for sent.
      mayForget ||= name === 'reload' && app?.heard.length === 0
    if (app) await act(computer, app)
    done.push(`${name} ${app?.name ?? ''}`)
    await traffic.run([5, 20, 60, 400][Math.floor(random() * 4)] ?? 0, 5)
    if (random() < 0.3) wake(computer)
  }
  stop()
  wake(computer)
  // As long as it takes a tab that is looked at to notice a leader that hangs, and more.
  const eyes = versions.flatMap(version => computer.living().find(app => app.version === version) ?? [])
  for (const { tab } of eyes) if (tab.state === 'hidden') tab.show()
  await traffic.run(10_000, 250)
  await computer.advance(20_000)
  for (const { version } of eyes) expect(computer.leader(version)).toBeDefined()
  const faults = traffic.faults(mayForget)
  expect(faults.length > 0 ? [done.join(', '), ...faults] : []).toEqual([])
}

describe('tabs that share a socket, whatever becomes of them', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))('lose nothing, say nothing twice, and have one leader in the end: %i', async seed => {
    await play(seed, 0, [SHARED_VERSION])
  })

  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1000))('do so although posts are lost: %i', async seed => {
    await play(seed, 0.03, [SHARED_VERSION])
  })

  it.each(Array.from({ length: 20 }, (_, seed) => seed + 2000))('do so, with a leader for each version, where there are two: %i', async seed => {
    await play(seed, 0, [SHARED_VERSION, SHARED_VERSION + 1])
  })
})
