import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { RelayStats } from './stats.ts'

/** Which readings rise, by the name of their metric. */
const COUNTERS: readonly (readonly [name: string, reading: keyof RelayStats, help: string])[] = [
  ['earshot_publishes_total', 'published', 'Messages published, by clients and by the server'],
  ['earshot_deliveries_total', 'delivered', 'Messages put on a connection for a session as they were published'],
  ['earshot_recovered_total', 'recovered', 'Messages put on a connection for a session that had missed them'],
  ['earshot_skipped_total', 'skipped', 'Volatile messages that a session did not get since it was slow'],
  ['earshot_gaps_total', 'gaps', 'Topics of which a session was told that messages are lost'],
  ['earshot_refused_total', 'refused', 'Frames of sessions that were refused'],
  ['earshot_turned_away_total', 'turnedAway', 'Connections that were refused since there were too many'],
  ['earshot_postponed_total', 'postponed', 'Sessions that were asked to come back, since authorize had failed'],
]

const GAUGES: readonly (readonly [name: string, reading: keyof RelayStats, help: string])[] = [
  ['earshot_connections', 'connections', 'Open WebSocket connections'],
  ['earshot_sessions', 'sessions', 'Sessions, attached or expected back'],
  ['earshot_subscriptions', 'subscriptions', 'Patterns that attached sessions listen to'],
  ['earshot_send_buffer_bytes', 'buffered', 'Bytes that sockets have not sent yet'],
]

/** In seconds. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
/** Of so many sends one is timed: to note a time takes a microsecond. */
const SAMPLE = 16

/** What a relay tells Prometheus, in a registry of its own. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #refresh: (() => void)[] = []
  readonly #publishes: Histogram
  readonly #sends: Histogram
  #untimed = 0

  constructor(stats: () => RelayStats) {
    const registers = [this.#registry]
    let readings = stats()
    this.#refresh.push(() => {
      readings = stats()
    })
    for (const [name, reading, help] of COUNTERS) {
      const counter = new Counter({ name, help, registers })
      this.#refresh.push(() => {
        counter.reset()
        counter.inc(readings[reading])
      })
    }
    for (const [name, reading, help] of GAUGES) {
      const gauge = new Gauge({ name, help, registers })
      this.#refresh.push(() => gauge.set(readings[reading]))
    }
    this.#publishes = new Histogram({
      name: 'earshot_publish_seconds',
      help: 'From the turn of a publish of a client to its answer: authorization, and its way into the log',
      buckets: BUCKETS,
      registers,
    })
    this.#sends = new Histogram({
      name: 'earshot_delivery_seconds',
      help: `From frames being handed to a socket to the system having taken them; one in ${SAMPLE} is timed`,
      buckets: BUCKETS,
      registers,
    })
  }

  /** Starts the timing of a publish; the result ends it. */
  publishing(): () => void {
    const start = performance.now()
    return () => this.#publishes.observe((performance.now() - start) / 1000)
  }

  /** Starts the timing of a send, if it is one of those that are timed. */
  sending(): (() => void) | undefined {
    if (++this.#untimed < SAMPLE) return undefined
    this.#untimed = 0
    const start = performance.now()
    return () => this.#sends.observe((performance.now() - start) / 1000)
  }

  /** All metrics, as Prometheus reads them. */
  text(): Promise<string> {
    for (const refresh of this.#refresh) refresh()
    return this.#registry.metrics()
  }
}
