import type { BroadcastChannelLike } from '@earshot/core'
import type { TestTab } from '@earshot/core/testing'

/** A script of the same origin that posts what it likes on the channel of the apps. */
export function intruder(tab: TestTab): Pick<BroadcastChannelLike, 'postMessage' | 'close'> {
  const { BroadcastChannel } = tab.env
  if (!BroadcastChannel) throw new Error('The tab has no BroadcastChannel')
  return new BroadcastChannel('earshot:app:')
}

