import type { History, Transport, TransportConnection, TransportLink } from '@earshot/core'

/** A transport that goes nowhere and writes down what it is told. */
export interface RecordingTransport extends Transport {
  /** What was told, as `open s1`, `listen s1 rooms/1`, `enter s1 "ada"`. */
  readonly told: string[]
  /** The hub's end, once it is connected. */
  readonly link: TransportLink
}

/** @param answers what it does instead of nothing */
export function recordingTransport(answers: Partial<TransportConnection> = {}): RecordingTransport {
  const told: string[] = []
  const nothing: History = { messages: [], gap: false }
  let given: TransportLink | undefined
  return {
    told,
    get link() {
      if (!given) throw new Error('The hub has not connected yet')
      return given
    },
    connect(link) {
      given = link
      let sessions = 0
      return {
        openSession(session) {
          const id = `s${++sessions}`
          session.identify(id, 1)
          told.push(`open ${id}`)
        },
        closeSession: id => told.push(`close ${id}`),
        publish: () => undefined,
        interest: (session, pattern, on) => told.push(`${on ? 'listen' : 'unlisten'} ${session} ${pattern}`),
        presence: (_topic, { id, data }, here) => told.push(here ? `enter ${id} ${JSON.stringify(data)}` : `leave ${id}`),
        watch: () => Promise.resolve(),
        sync: () => Promise.resolve(),
        history: () => Promise.resolve(nothing),
        occupancy: () => Promise.resolve(0),
        capabilities: {},
        close: () => Promise.resolve(),
        ...answers,
      }
    },
  }
}
