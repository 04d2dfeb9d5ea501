import type { StorageLike } from '@earshot/core'
import { createTestBrowser, seededRandom, testClock, type TestBrowser, type TestTab } from '@earshot/core/testing'
import { createTestNetwork, type TestNetwork, type TestNetworkOptions } from '@earshot/server/testing'
import type { ClientFrame, RelayFrame } from '@earshot/core/protocol'
import { type Ear, listen, type Moments, openVoice, type Page, say, startPage, type Voice } from '../chaos/page.ts'
import type { Spoken } from '../chaos/facts.ts'

/** A relay, and a browser with pages of an app that uses it. */
export interface Stage {
  readonly network: TestNetwork
  readonly browser: TestBrowser
  page(user: string, tab?: TestTab, stored?: Map<string, string>): Voice
  listen(voice: Voice, pattern: string, past?: Parameters<typeof listen>[3]): Ear
  say(voice: Voice, topic: string): Spoken
  /** The relay's server says something. */
  serve(topic: string, number: number): void
  /** Frames of this kind do not arrive, until it is undone. */
  lose(kind: (ClientFrame | RelayFrame)['t'], of?: Voice): () => void
}

/** How a stage is set up. */
interface StageOptions extends Pick<TestNetworkOptions, 'relay' | 'history' | 'window' | 'latency'> {
  /** Characters that a tab's storage takes. @default any number */
  readonly storage?: number
}

/** Sets one up; nothing is random but ids. */
export function stage({ storage = Infinity, ...options }: StageOptions = {}): Stage {
  const clock = testClock()
  const random = seededRandom(1)
  const { limits, ...relay } = options.relay ?? {}
  const network = createTestNetwork({
    latency: 5,
    ...options,
    clock,
    random,
    relay: { authenticate: (_, token) => ({ userId: token ?? null }), ...relay, limits: { ping: 2000, grace: 4000, reload: 1000, ...limits } },
  })
  const browser = createTestBrowser({ clock })
  let moment = 0
  let count = 0
  const moments: Moments = { next: () => ++moment }
  return {
    network,
    browser,
    page: (user, tab = browser.openTab(), stored = new Map()) => {
      const envOf = (env: TestTab['env']): TestTab['env'] => ({ ...env, sessionStorage: env.sessionStorage && bounded(env.sessionStorage, stored, storage) })
      return openVoice(startPage({ name: `p${count++}`, user, tab, network, moments, outbox: 1000, sockets: 'own', stored, envOf }))
    },
    listen: (voice, pattern, past) => listen(voice, pattern, moments, past),
    say: (voice, topic) => say(voice, topic, { volatile: false, echo: true }, network, moments),
    serve: (topic, number) => void network.relay.publish(topic, { by: 'server', number }),
    lose: (kind, of) => {
      const passes = (frame: { t: string }, name: string): boolean => frame.t !== kind || (of !== undefined && of.page.device.name !== name)
      return network.filter({ up: (frame, { name }) => (passes(frame, name) ? frame : undefined), down: (frame, { name }) => (passes(frame, name) ? frame : undefined) })
    },
  }
}

/** Storage that has room for so many characters, keys and all. */
function bounded(storage: StorageLike, stored: ReadonlyMap<string, string>, room: number): StorageLike {
  return {
    ...storage,
    setItem(key, value) {
      const others = [...stored].reduce((sum, [other, text]) => (other === key ? sum : sum + other.length + text.length), 0)
      if (others + key.length + value.length > room) throw new DOMException('The quota has been exceeded.', 'QuotaExceededError')
      storage.setItem(key, value)
    },
  }
}

/** What a subscription has heard: who said it, and its number. */
export function heard({ heard: all }: Ear): string[] {
  return all.map(({ key }) => key)
}

/** The page that is loaded in the place of another, with what its tab has stored. */
export async function reload({ network, page }: Stage, { page: { tab, user, stored, device } }: Voice): Promise<Voice> {
  const next = tab.reload()
  await network.settle()
  device.end()
  return page(user, next, stored)
}

/** Codes that a page was told. */
export function errors({ errors: all }: Page): string[] {
  return all.map(({ code }) => code)
}
