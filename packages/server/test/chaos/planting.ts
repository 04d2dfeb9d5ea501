import type { ClientFrame, RelayFrame } from '@earshot/core/protocol'
import type { TestDevice } from '@earshot/server/testing'
import type { Habitat } from './page.ts'
import type { Act, Schedule } from './schedule.ts'
import type { World } from './world.ts'

/** A fault that a former wording of the protocol had: planted, so that the checker has something to find. */
export interface Fault {
  readonly name: string
  /** Brings it back; the result takes it away again. */
  readonly plant?: (world: World) => (() => void) | void
  readonly habitat?: Habitat
  /** Acts that it takes, where any others hide it: others are replaced by these. */
  readonly acts?: readonly Act[0][]
  /** Surroundings that it takes. */
  readonly around?: Partial<Schedule>
  /** What the network does that it takes, with the fault and without. */
  readonly weather?: (world: World) => void
}

type Up<Kind extends ClientFrame['t']> = Extract<ClientFrame, { t: Kind }>
type Down<Kind extends RelayFrame['t']> = Extract<RelayFrame, { t: Kind }>

/** Changes frames of one kind on their way to the relay. */
export function onUp<Kind extends ClientFrame['t']>(world: World, kind: Kind, change: (frame: Up<Kind>, device: TestDevice) => ClientFrame | undefined): () => void {
  return world.network.filter({ up: (frame, device) => (isKind(frame, kind) ? change(frame, device) : frame) })
}

/** Changes frames of one kind on their way to a client. */
export function onDown<Kind extends RelayFrame['t']>(world: World, kind: Kind, change: (frame: Down<Kind>, device: TestDevice) => RelayFrame | undefined): () => void {
  return world.network.filter({ down: (frame, device) => (isKind(frame, kind) ? change(frame, device) : frame) })
}

function isKind<Frame extends { t: string }, Kind extends Frame['t']>(frame: Frame, kind: Kind): frame is Extract<Frame, { t: Kind }> {
  return frame.t === kind
}

/** Puts another method into the place of one; the result puts it back. */
export function patched<Target extends object, Name extends keyof Target>(target: Target, name: Name, wrap: (old: Target[Name]) => Target[Name]): () => void {
  const old = target[name]
  target[name] = wrap(old)
  return () => {
    target[name] = old
  }
}

/** Something of each session of each device. */
export class BySession<Value> {
  readonly #values = new Map<string, Value>()

  get(device: TestDevice, s: number): Value | undefined {
    return this.#values.get(`${device.name} ${s}`)
  }

  set(device: TestDevice, s: number, value: Value): void {
    this.#values.set(`${device.name} ${s}`, value)
  }
}
