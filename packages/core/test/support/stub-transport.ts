import type { History, Transport, TransportConnection, TransportLink } from '@earshot/core'

export interface StubTransport extends Transport {
  link: TransportLink | undefined
  readonly published: unknown[]
}

/** A transport that goes nowhere: tests give it the answers that matter to them. */
export function stubTransport(answers: Partial<TransportConnection> = {}): StubTransport {
  const published: unknown[] = []
  const empty: History = { messages: [], gap: false }
  const stub: StubTransport = {
    link: undefined,
    published,
    connect(link) {
      stub.link = link
      let sessions = 0
      return {
        openSession: session => session.identify(session.requestedId ?? `stub-${++sessions}`, 1),
        closeSession: () => {},
        publish: (_message, data) => {
          published.push(data)
          return undefined
        },
        interest: () => {},
        presence: () => {},
        watch: () => Promise.resolve(),
        sync: () => Promise.resolve(),
        history: () => Promise.resolve(empty),
        occupancy: () => Promise.resolve(0),
        capabilities: {},
        close: () => Promise.resolve(),
        ...answers,
      }
    },
  }
  return stub
}
