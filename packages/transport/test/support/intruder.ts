import type { BroadcastChannelLike } from '@earshot/core'
import type { TestBrowser, TestTab } from '@earshot/core/testing'

/** A script of the same origin that posts what it likes on the channel of the apps. */
export function intruder(tab: TestTab): BroadcastChannelLike {
  const { BroadcastChannel } = tab.env
  if (!BroadcastChannel) throw new Error('The tab has no BroadcastChannel')
  return new BroadcastChannel('earshot:app:')
}

/** Makes frames in the name of a tab, each going on where the last one, its own or made, has ended. */
export function forger(browser: TestBrowser, tab: TestTab): (...items: unknown[]) => { readonly f: string; readonly n: number; readonly m: readonly unknown[] } {
  let last: ReturnType<ReturnType<typeof forger>> = { f: '', n: 1, m: [] }
  browser.onPost(({ from, data }) => {
    if (from === tab.id && (data as typeof last).n > 0) last = data as typeof last
  })
  return (...m) => (last = { ...last, n: last.n + last.m.length, m })
}
