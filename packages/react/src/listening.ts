import type { Message, SubscribeOptions, Subscription } from '@earshot/core'
import { lease, type Retain } from './lease.ts'
import type { SessionSource } from './session-source.ts'

/** How a component listens; it ends with the component. */
export type ListenOptions = Omit<SubscribeOptions, 'own' | 'signal' | 'onClose'>

interface Ears {
  listener: (message: Message, subscription: Subscription) => unknown
  options: ListenOptions
}

/** The subscription of a component, which hears with the ears of its last render. */
export class Listening {
  /** Subscribes, and ends that 300 ms after the component was unmounted. */
  readonly retain: Retain
  #ears: Ears | undefined

  constructor(source: SessionSource, key: string) {
    this.retain = lease(source.hub.clock, () => {
      const subscription = source.session.subscribe(key.split('\n'), (message, own) => this.#ears?.listener(message, own), {
        ...this.#ears?.options,
        own: true,
        onDrop: message => this.#ears?.options.onDrop?.(message),
        onGap: gap => this.#ears?.options.onGap?.(gap),
      })
      return () => subscription.unsubscribe()
    })
  }

  /** Hears with these until the result is called: nobody is called while the subscription waits for its end. */
  hear(ears: Ears): () => void {
    this.#ears = ears
    return () => {
      this.#ears = undefined
    }
  }
}
