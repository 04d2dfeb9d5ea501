import type { BroadcastChannelLike, Environment } from '@earshot/core'

type Channels = NonNullable<Environment['BroadcastChannel']>

/** Channels of tabs of a version: what those of another one post makes no sense to them, nor the other way round. */
export function channelsOf(version: number, channels: Channels | null): Channels | null {
  return channels && dialectOf(version, channels)
}

function dialectOf(version: number, channels: Channels): Channels {
  return class implements BroadcastChannelLike {
    onmessage: BroadcastChannelLike['onmessage'] = null
    onmessageerror: BroadcastChannelLike['onmessageerror'] = null
    readonly #channel: BroadcastChannelLike

    constructor(name: string) {
      this.#channel = new channels(name)
      this.#channel.onmessage = ({ data }) => this.onmessage?.({ data: Object(data)[version] as unknown })
    }

    postMessage(data: unknown): void {
      this.#channel.postMessage({ [version]: data })
    }

    close(): void {
      this.#channel.close()
    }
  }
}
