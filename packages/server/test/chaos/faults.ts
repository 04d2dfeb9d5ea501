import type { ClientFrame, RelayFrame } from '@earshot/core/protocol'
import { formatPosition, parsePosition } from '@earshot/core/protocol'
import type { TestDevice } from '@earshot/server/testing'
import { Attachment } from '../../src/relay/attachment.ts'
import { FanOut } from '../../src/relay/fan-out.ts'
import { Lane } from '../../src/relay/lane.ts'
import { Numbering, Records } from '../../src/relay/records.ts'
import type { Habitat } from './page.ts'
import type { Schedule } from './schedule.ts'
import type { World } from './world.ts'

/** A fault that a former wording of the protocol had, or the code: planted, so that the checker has something to find. */
export interface Fault {
  readonly name: string
  /** Brings it back; the result takes it away again. */
  readonly plant: (world: World) => (() => void) | void
  readonly habitat?: Habitat
  /** What schedules must have for it to matter at all. */
  readonly given?: Partial<Schedule>
}

type Up<Kind extends ClientFrame['t']> = Extract<ClientFrame, { t: Kind }>
type Down<Kind extends RelayFrame['t']> = Extract<RelayFrame, { t: Kind }>

export const FAULTS: readonly Fault[] = [
  { name: 'an ack moves the cursor', plant: world => moveCursor(world, 'ack', ({ offset }) => offset) },
  { name: 'subscribed moves the cursor', plant: world => moveCursor(world, 'subscribed', ({ offset }) => offset) },
  { name: 'a ping tells the head, which moves the cursor', plant: world => moveAllCursors(world) },
  { name: 'a page moves the cursor to the head', plant: world => onDown(world, 'page', frame => ({ ...frame, offset: world.network.relay.engine.head })) },
  { name: 'a session that is behind hears live messages', plant: hearBehind },
  { name: 'subscriptions have no start', plant: world => onUp(world, 'attach', frame => ({ ...frame, subs: frame.subs.map(([pattern, start]) => [pattern, start === null ? null : 0] as const) })) },
  { name: 'starts of a lost log are kept', plant: keepStarts },
  { name: 'positions name no epoch', plant: world => onUp(world, 'attach', frame => ({ ...frame, ...atEpoch(frame.position, world.network.relay.engine.epoch) })) },
  { name: 'a session that was forgotten counts as resumed', plant: world => onDown(world, 'attached', frame => ({ ...frame, resumed: true })) },
  { name: 'a record that the client never heard of counts as resumed', plant: presumeRecords },
  { name: 'numbers are not settled', plant: () => patched(Numbering.prototype, 'settle', () => () => {}) },
  { name: 'a refused number counts as accepted', plant: () => patched(Numbering.prototype, 'outcomeOf', outcomeOf => function (this: Numbering, clock) {
    const outcome = outcomeOf.call(this, clock)
    return outcome && 'code' in outcome ? { offset: 1 } : outcome
  }) },
  { name: 'a refused number stalls those behind it', plant: stallAfterRefusal },
  { name: 'numbers belong to the session, not to the document', plant: numberBySession },
  { name: 'a duplicated tab is taken for the tab itself', plant: () => {}, habitat: { envOf: env => ({ ...env, locks: { ...env.locks, request: async (_name, _options, task) => task({}), query: async () => ({}) } }) } },
  { name: 'attach numbers are ignored', plant: ignoreAttachNumbers },
  { name: 'gaps are not told', plant: world => onDown(world, 'gap', () => undefined) },
  { name: 'gaps are decided once', plant: decideGapsOnce },
  { name: 'frames do not wait for one another', plant: () => patched(Lane.prototype, 'run', () => task => void task()) },
  { name: 'a session is caught up before all it listens to is known', plant: () => patched(Attachment.prototype, 'grant', grant => function (this: Attachment, pattern, granted) {
    grant.call(this, pattern, granted)
    if (this.state === 'restoring') this.state = 'behind'
  }) },
  { name: 'own messages are heard at once', plant: () => {}, habitat: { transportOf: heardAtOnce } },
  { name: 'a client has no timer of its own', plant: () => {}, habitat: { envOf: env => ({ ...env, clock: { now: () => env.clock?.now() ?? 0, after: (delay, task) => (delay === 2000 ? () => {} : (env.clock?.after(delay, task) ?? (() => {}))) } }) } },
  { name: 'echo is decided by the user', plant: () => patched(Attachment.prototype, 'mayHear', () => function (this: Attachment, { to }) {
    return !to || (this.record.userId !== null && to.includes(this.record.userId))
  }) },
]

/** Changes frames of one kind on their way to the relay. */
function onUp<Kind extends ClientFrame['t']>(world: World, kind: Kind, change: (frame: Up<Kind>, device: TestDevice) => ClientFrame | undefined): () => void {
  return world.network.filter({ up: (frame, device) => (isKind(frame, kind) ? change(frame, device) : frame) })
}

/** Changes frames of one kind on their way to a client. */
function onDown<Kind extends RelayFrame['t']>(world: World, kind: Kind, change: (frame: Down<Kind>, device: TestDevice) => RelayFrame | readonly RelayFrame[] | undefined): () => void {
  return world.network.filter({ down: (frame, device) => (isKind(frame, kind) ? change(frame, device) : frame) })
}

function isKind<Frame extends { t: string }, Kind extends Frame['t']>(frame: Frame, kind: Kind): frame is Extract<Frame, { t: Kind }> {
  return frame.t === kind
}

/** Puts another method into the place of one. */
function patched<Target extends object, Name extends keyof Target>(target: Target, name: Name, wrap: (old: Target[Name]) => Target[Name]): () => void {
  const old = target[name]
  target[name] = wrap(old)
  return () => {
    target[name] = old
  }
}

/** What a device has seen, by session. */
class Seen<Value> {
  readonly #values = new Map<string, Value>()

  get(device: TestDevice, s: number): Value | undefined {
    return this.#values.get(`${device.name} ${s}`)
  }

  set(device: TestDevice, s: number, value: Value): void {
    this.#values.set(`${device.name} ${s}`, value)
  }
}

function moveCursor<Kind extends 'ack' | 'subscribed'>(world: World, kind: Kind, offsetOf: (frame: Down<Kind>) => number): void {
  const seen = new Seen<number>()
  onDown(world, kind, (frame, device) => {
    seen.set(device, (frame as Down<'ack'>).s, Math.max(offsetOf(frame), seen.get(device, (frame as Down<'ack'>).s) ?? 0))
    return frame
  })
  onUp(world, 'attach', (frame, device) => ({ ...frame, ...forward(frame.position, seen.get(device, frame.s) ?? 0) }))
}

function moveAllCursors(world: World): void {
  const heads = new Seen<number>()
  onDown(world, 'ping', (frame, device) => {
    heads.set(device, 0, world.network.relay.engine.head)
    return frame
  })
  onUp(world, 'attach', (frame, device) => ({ ...frame, ...forward(frame.position, heads.get(device, 0) ?? 0) }))
}

function forward(position: string | undefined, offset: number): { position?: string } {
  const at = position === undefined ? undefined : parsePosition(position)
  return at ? { position: formatPosition({ ...at, offset: Math.max(at.offset, offset) }) } : {}
}

function atEpoch(position: string | undefined, epoch: string): { position?: string } {
  const at = position === undefined ? undefined : parsePosition(position)
  return at ? { position: formatPosition({ ...at, epoch }) } : {}
}

function hearBehind(): () => void {
  const attachments = new Set<Attachment>()
  const undo = [
    patched(FanOut.prototype, 'add', add => function (this: FanOut, attachment, patterns) {
      attachments.add(attachment)
      add.call(this, attachment, patterns)
    }),
    patched(FanOut.prototype, 'appended', appended => function (this: FanOut, entry) {
      const behind = [...attachments].filter(each => each.isBound && each.state === 'behind' && each.wants(entry))
      appended.call(this, entry)
      for (const { connection, s } of behind) connection.write(`{"t":"message","s":[${s}],"m":${entry.text}}`)
    }),
  ]
  return () => undo.forEach(each => each())
}

function keepStarts(world: World): void {
  const starts = new Map<string, number>()
  onUp(world, 'attach', (frame, device) => ({
    ...frame,
    subs: frame.subs.map(([pattern, start]) => {
      const key = `${device.name} ${frame.s} ${pattern}`
      const kept = start === null ? null : Math.max(start, starts.get(key) ?? 0)
      if (kept !== null) starts.set(key, kept)
      return [pattern, kept] as const
    }),
  }))
}

function presumeRecords(world: World): () => void {
  const names = new Map<string, string>()
  onUp(world, 'attach', frame => {
    const record = names.get(frame.session) ?? frame.record
    return { ...frame, ...(record !== undefined && { record }) }
  })
  return patched(Records.prototype, 'create', create => function (this: Records, ...args) {
    const record = create.apply(this, args)
    names.set(record.id, record.name)
    return record
  })
}

function stallAfterRefusal(world: World): void {
  const stalled = new Seen<boolean>()
  onDown(world, 'refused', (frame, device) => {
    if (frame.what === 'publish') stalled.set(device, frame.s, true)
    return frame
  })
  onUp(world, 'publish', (frame, device) => (stalled.get(device, frame.s) && !frame.volatile ? undefined : frame))
}

function numberBySession(world: World): void {
  const tags = new Seen<string>()
  onUp(world, 'attach', (frame, device) => {
    tags.set(device, frame.s, frame.tag)
    return { ...frame, tag: 'one', tags: [] }
  })
  onUp(world, 'publish', frame => ({ ...frame, tag: 'one' }))
  onDown(world, 'ack', (frame, device) => ({ ...frame, tag: tags.get(device, frame.s) ?? frame.tag }))
  onDown(world, 'refused', (frame, device) => ({ ...frame, ...(frame.tag !== undefined && { tag: tags.get(device, frame.s) ?? frame.tag }) }))
}

function ignoreAttachNumbers(world: World): void {
  let count = 1_000_000
  const numbers = new Map<number, number>()
  onUp(world, 'attach', frame => {
    numbers.set(++count, frame.attach)
    return { ...frame, attach: count }
  })
  onDown(world, 'attached', frame => ({ ...frame, attach: numbers.get(frame.attach) ?? frame.attach }))
}

function decideGapsOnce(world: World): void {
  const paged = new Seen<boolean>()
  onDown(world, 'attached', (frame, device) => {
    paged.set(device, frame.s, false)
    return frame
  })
  onDown(world, 'page', (frame, device) => {
    paged.set(device, frame.s, true)
    return frame
  })
  onDown(world, 'gap', (frame, device) => (paged.get(device, frame.s) ? undefined : frame))
}

function heardAtOnce(transport: Parameters<NonNullable<Habitat['transportOf']>>[0]): typeof transport {
  return {
    connect(link) {
      const own = { ...link, deliver: (...delivery: Parameters<typeof link.deliver>) => delivery[0].key.endsWith(`.${link.tag}`) || link.deliver(...delivery) }
      return Object.defineProperty(transport.connect({ ...own, deliver: (...delivery) => void own.deliver(...delivery) }), 'ordered', { value: false })
    },
  }
}
