import type { HubStatus } from '@earshot/core'
import type { ComponentType } from 'react'
import type { DemoHub } from '../hub.ts'
import type { Scene } from '../map/place.ts'
import type { Wire } from '../wire/wire.ts'

/** How far the page reaches: what joins it with others, and what it says of that. */
export interface Reach {
  readonly hub: DemoHub
  readonly states: Readonly<Record<HubStatus['state'], string>>
  /** How those on the page hear each other. */
  readonly about: string
  /** Whether this tab leads. */
  readonly useLeader: () => boolean
  /** A relay's connection, to look at and to cut. Between tabs there is none. */
  readonly Panel?: ComponentType<{ wire: Wire; members: Scene['members'] }>
  /** The socket that the tabs of a browser share, on the map. */
  readonly Uplink?: ComponentType<Scene>
}
