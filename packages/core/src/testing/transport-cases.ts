import type { Message } from '../base/message.ts'
import type { RemoteMessage } from '../delivery/message.ts'
import type { HistoryOptions, PublishOptions, Transport, TransportConnection, TransportLink } from '../hub/transport.ts'
import type { Member } from '../presence/roster.ts'

/** Some transports that reach one another, each as one hub would use it. */
export interface TestTransports {
  /** Connects one more; its answers are waited for with `settle`. */
  connect(link: TransportLink): TransportConnection
  /** The surroundings that links are made of. */
  readonly surroundings: Pick<TransportLink, 'clock' | 'random'>
  /** Lets everything that is under way arrive. */
  settle(): Promise<void>
  /** Ends what the cases did not end. */
  close?(): Promise<void> | void
}

/** One case: its name as a sentence, and what runs it and throws when the transport fails it. */
export type TransportCase = readonly [name: string, run: () => Promise<void>]

/** One end: what its hub would have seen. */
interface End {
  readonly connection: TransportConnection
  readonly id: string
  readonly heard: { readonly message: RemoteMessage; readonly to: readonly string[] | undefined }[]
  readonly members: Map<string, Member>
  readonly errors: unknown[]
  data(): unknown[]
  publish(topic: string, data: unknown, options?: PublishOptions): Promise<void>
  member(clock: number, data: unknown, here?: boolean): void
}

/** How a transport under test is reached: by a network of its own for each case. */
export type CreateTransports = () => TestTransports | Promise<TestTransports>

/** A network over transports, each made by `create`; `settle` moves time where it stands still. */
export function networkOf(create: () => Transport, surroundings: TestTransports['surroundings'], settle: () => Promise<void>): TestTransports {
  return { connect: link => create().connect(link), surroundings, settle }
}

/** What every transport must do – it may bring more than is wanted, hubs choose –, as cases for any test runner: `for (const [name, run] of transportCases(create)) it(name, run)`. */
export function transportCases(create: CreateTransports): TransportCase[] {
  const one = (name: string, users: readonly string[], check: (ends: End[], settle: () => Promise<void>) => Promise<void> | void): TransportCase => [
    name,
    async () => {
      const network = await create()
      const ends = users.map((userId, index) => open(network, userId, index))
      await network.settle()
      await check(ends, () => network.settle())
      for (const { connection } of ends) await connection.close()
      await network.settle()
      await network.close?.()
    },
  ]
  return [
    one('brings a publish to those who want its topic, as it was published', ['ada', 'bob'], async ([a, b], settle) => {
      want(b, 'rooms/*')
      await settle()
      await a?.publish('rooms/1', { text: 'hi', bytes: [0, '', null, false] })
      await settle()
      same(b?.data(), [{ text: 'hi', bytes: [0, '', null, false] }], 'what the listening end heard')
      same(b?.heard[0]?.message.from, a?.id, 'the publisher')
      same(b?.heard[0]?.message.userId, 'ada', 'the user')
    }),
    one('does not bring a publish back to where it came from', ['ada', 'bob'], async ([a, b], settle) => {
      want(a, 't')
      want(b, 't')
      await settle()
      await a?.publish('t', 1, { echo: false })
      await a?.publish('t', 2)
      await settle()
      same(b?.data(), [1, 2], 'what the other end heard')
      same(a?.connection.ordered ? [] : a?.data(), [], 'what came back')
    }),
    one('keeps the order of one publisher, and gives each message an id of its own', ['ada', 'bob'], async ([a, b], settle) => {
      want(b, '**')
      await settle()
      const numbers = Array.from({ length: 50 }, (_, index) => index)
      for (const number of numbers) await a?.publish(number % 2 ? 'odd' : 'even', number)
      await settle()
      same(b?.data(), numbers, 'the order')
      same(new Set(b?.heard.map(({ message }) => `${message.key}:${message.clock}`)).size, 50, 'the number of ids')
    }),
    one('names the audience, or enforces it', ['ada', 'bob', 'cem'], async ([a, b, c], settle) => {
      want(b, 't')
      want(c, 't')
      await settle()
      await a?.publish('t', 'for bob', { to: ['bob'] })
      await settle()
      same(b?.data(), ['for bob'], 'what the user heard')
      for (const { to } of c?.heard ?? []) same(to, ['bob'], 'the audience told to the hub of another user')
    }),
    one('carries broadcasts apart from topics', ['ada', 'bob'], async ([a, b], settle) => {
      want(b, '')
      await settle()
      await a?.publish('', 'all')
      await settle()
      same(b?.heard.map(({ message }) => [message.topic, message.data]), [['', 'all']], 'the broadcast')
    }),
    one('brings nothing after interest has ended', ['ada', 'bob'], async ([a, b], settle) => {
      want(b, 't')
      await settle()
      b?.connection.interest(b.id, 't', false)
      await settle()
      await a?.publish('t', 1)
      await settle()
      same(b?.data(), [], 'what was heard')
    }),
    one('tells of members that enter, change and leave', ['ada', 'bob'], async ([a, b], settle) => {
      void b?.connection.watch('room', true)
      a?.member(1, 'here')
      await settle()
      same(b?.members.get(a?.id ?? '')?.data, 'here', 'the member that entered')
      a?.member(2, 'busy')
      await settle()
      same(b?.members.get(a?.id ?? '')?.data, 'busy', 'the member that changed')
      a?.member(3, 'busy', false)
      await settle()
      same(b?.members.size, 0, 'the number of members left')
    }),
    one('lets the members of a session that closes leave', ['ada', 'bob'], async ([a, b], settle) => {
      void b?.connection.watch('room', true)
      a?.member(1, 'here')
      await settle()
      a?.connection.closeSession(a.id)
      await settle()
      same(b?.members.size, 0, 'the number of members left')
    }),
    one('counts the sessions elsewhere that listen', ['ada', 'bob', 'cem'], async ([a, b, c], settle) => {
      want(a, 't')
      want(b, 't')
      want(c, '*')
      await settle()
      const count = a?.connection.occupancy('t')
      await settle()
      same(await count, 2, 'the occupancy')
    }),
    one('has told everyone of all interest when sync resolves', ['ada', 'bob'], async ([a, b], settle) => {
      want(b, 't')
      const synced = b?.connection.sync().then(() => a?.publish('t', 'at once'))
      await settle()
      await synced
      await settle()
      same(b?.data(), ['at once'], 'what was heard')
    }),
    one('gives the past oldest first, bounded, and says when it has gaps', ['ada', 'bob'], async ([a, b], settle) => {
      want(b, 't')
      await settle()
      for (const number of [1, 2, 3]) await a?.publish('t', number)
      await settle()
      const ask = async (options: HistoryOptions): Promise<[data: unknown[], gap: boolean]> => {
        const asked = b?.connection.history('t', options, b.id)
        await settle()
        const { messages = [], gap = true } = (await asked) ?? {}
        return [messages.map(message => message.data), gap]
      }
      same(await ask({ limit: 2 }), [[2, 3], false], 'the last two')
      const first = b?.heard[0]?.message
      same(await ask({ since: { ...first, id: `${first?.key}:${first?.clock}` } as Message }), [[2, 3], false], 'what came after the first')
      same((await ask({ since: 'a position of something else' }))[1], true, 'the gap after a place nobody knows')
    }),
    one('takes calls for sessions it does not know, and says nothing of them', ['ada', 'bob'], async ([a, b], settle) => {
      a?.connection.interest('nobody', 't', true)
      a?.connection.presence('room', { id: 'nobody', data: 1, since: 0, clock: 1 }, true)
      a?.connection.closeSession('nobody')
      await settle()
      same([b?.members.size, b?.errors, a?.errors], [0, [], []], 'what came of it')
    }),
    one('refuses at the call what cannot travel, and lets everything else go', ['ada', 'bob'], async ([a, b], settle) => {
      want(b, 't')
      await settle()
      const refused = await a?.publish('t', { run: () => 1 }).then(
        () => 'nothing',
        (error: { code?: string }) => error.code,
      )
      await a?.publish('t', 'fine')
      await settle()
      same([refused, b?.data()], ['not-serializable', ['fine']], 'what was refused and what was heard')
    }),
    one('closes for good, again and again, and lets others go on', ['ada', 'bob', 'cem'], async ([a, b, c], settle) => {
      want(a, 't')
      want(c, 't')
      await settle()
      await a?.connection.close()
      await a?.connection.close()
      await b?.publish('t', 'after')
      await settle()
      same(a?.data(), [], 'what the closed end heard')
      same(c?.data(), ['after'], 'what the others heard')
    }),
  ]
}

function open(network: TestTransports, userId: string, index: number): End {
  const { surroundings } = network
  const heard: End['heard'] = []
  const members = new Map<string, Member>()
  const errors: unknown[] = []
  const tag = `tag${index}`
  let id = ''
  let clock = 0
  const connection = network.connect({
    ...surroundings,
    namespace: '',
    tag,
    deliver: (message, to) => {
      clock = Math.max(clock, message.clock)
      heard.push({ message, to })
    },
    member: (_, member) => members.set(member.id, member),
    gone: (_, gone) => members.delete(gone),
    status: () => {},
    gap: () => {},
    states: new Set(),
    report: error => errors.push(error),
  })
  connection.openSession({ requestedId: undefined, userId, identify: given => (id = given) })
  return {
    connection,
    get id() {
      return id
    },
    heard,
    members,
    errors,
    data: () => heard.map(({ message }) => message.data),
    publish: async (topic, data, options = {}) => {
      const key = `${id}.${tag}`
      clock++
      const message = { topic, data, from: id, userId, time: surroundings.clock.now(), clock, offset: undefined, id: `${key}:${clock}`, key }
      // Acceptance may need time, which the cases move.
      connection.publish(message, data, options)?.catch((error: unknown) => errors.push(error))
    },
    member: (at, data, here = true) => connection.presence('room', { id, userId, data, since: 0, clock: at }, here),
  }
}

function want(end: End | undefined, pattern: string): void {
  end?.connection.interest(end.id, pattern, true)
}

function same(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (found !== wanted) throw new Error(`${what}: ${found} instead of ${wanted}`)
}
