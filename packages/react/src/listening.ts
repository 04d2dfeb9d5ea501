import type { Message, SubscribeOptions, Subscription } from '@earshot/core'
import { lease, type Retain } from './lease.ts'
import type { SessionSource } from './session-source.ts'

/** How a component listens; it ends with the component. */
export type ListenOptions = Omit<SubscribeOptions, 'own' | 'signal' | 'onClose'>

/** The subscription of a component, which hears with the ears of its last render. */
export interface Listening {
  /** Subscribes, and ends that 300 ms after the component was unmounted. */
  readonly retain: Retain
  /** Hears with these from now on. */
  hear(listener: (message: Message, subscription: Subscription) => unknown, options: ListenOptions): void
  /** Calls nobody any more: the subscription waits for its end. */
  readonly deafen: () => void
}

export function createListening(source: SessionSource, key: string): Listening {
  let ears: ListenOptions & { listener: Parameters<Listening['hear']>[0] } | undefined
  return {
    retain: lease(source, () => {
      const subscription = source.session.subscribe(key.split('\n'), (message, own) => ears?.listener(message, own), {
        ...ears,
        own: true,
        onDrop: message => ears?.onDrop?.(message),
        onGap: gap => ears?.onGap?.(gap),
      })
      return () => subscription.unsubscribe()
    }),
    hear(listener, options) {
      ears = { ...options, listener }
    },
    deafen() {
      ears = undefined
    },
  }
}
