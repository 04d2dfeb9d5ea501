import { lease, type Retain } from './lease.ts'
import { presenceStores, type Voice } from './presence-store.ts'
import type { SessionSource } from './session-source.ts'

/** A component that enters. */
export interface Speaker extends Voice {
  data: unknown
  /** Enters, and leaves 300 ms after the component was unmounted. */
  readonly retain: Retain
  /** Says this as soon as, and as long as, it is the one to speak. */
  say(data: unknown): void
}

export function createSpeaker(source: SessionSource, topic: string): Speaker {
  const speaker: Speaker = {
    data: undefined,
    retain: lease(source.hub, () => presenceStores(source.session).open(topic).speak(speaker)),
    say(data: unknown) {
      speaker.data = data
      presenceStores(source.session).get(topic)?.repeat()
    },
  }
  return speaker
}
