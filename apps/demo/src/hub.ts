import { createHub, type Hub } from '@earshot/core'
import { broadcastChannel } from '@earshot/transport'
import type { Profile } from './me/profile.ts'

/** What is published where. */
export interface Topics {
  'topics/*': string
}

/** What a person says of themselves. */
export interface Members {
  people: Profile
}

declare module '@earshot/react' {
  interface Register {
    topics: Topics
    members: Members
  }
}

/** One hub for the page; nothing of the browser is touched before it is used. */
export const hub: Hub<Topics, Topics, Members> = createHub<Topics, Members>({ transport: broadcastChannel({ name: 'earshot-demo' }) })
