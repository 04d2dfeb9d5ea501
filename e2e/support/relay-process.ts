import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { RelayStats } from '@earshot/server'

/** A relay in a process of its own, behind a proxy that can be cut. */
export class RelayProcess {
  #child: ChildProcess | undefined
  #port = 0
  readonly #proxy: Server
  readonly #sockets = new Set<Socket>()
  #isCut = false
  /** How many connections clients have made through the proxy. */
  joined = 0

  constructor() {
    this.#proxy = createServer(socket => this.#join(socket))
  }

  /** Where clients connect. */
  get url(): string {
    return `ws://127.0.0.1:${(this.#proxy.address() as AddressInfo).port}/earshot`
  }

  /** The same without the proxy. */
  get direct(): string {
    return `ws://127.0.0.1:${this.#port}/earshot`
  }

  /** Starts it, again on the port that it had. */
  async start(): Promise<void> {
    this.#child = fork(`${import.meta.dirname}/relay-main.mjs`, [String(this.#port)], { execArgv: [] })
    const [port] = (await once(this.#child, 'message')) as [number]
    this.#port = port
    if (!this.#proxy.listening) await once(this.#proxy.listen(0, '127.0.0.1'), 'listening')
  }

  /** How many connections the relay counts. */
  async connections(): Promise<number> {
    if (!this.#child) throw new Error('The relay does not run')
    this.#child.send('stats')
    const [{ connections }] = (await once(this.#child, 'message')) as [RelayStats]
    return connections
  }

  /** Kills it without a warning. */
  async kill(): Promise<void> {
    await this.#end(child => child.kill('SIGKILL'))
  }

  /** Lets it stop in an orderly way. */
  async stop(): Promise<void> {
    await this.#end(child => child.send('stop'))
  }

  /** Cuts every connection, and refuses new ones until `mend`. */
  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  mend(): void {
    this.#isCut = false
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise(resolve => this.#proxy.close(resolve))
    if (this.#child) await this.kill()
  }

  async #end(how: (child: ChildProcess) => void): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child) return
    const exit = once(child, 'exit')
    how(child)
    await exit
  }

  #join(client: Socket): void {
    if (this.#isCut) return void client.destroy()
    this.joined++
    const relay = connect(this.#port, '127.0.0.1')
    for (const [one, other] of [
      [client, relay],
      [relay, client],
    ] as const) {
      this.#sockets.add(one)
      one.pipe(other)
      // An end that breaks takes the other along; `close` tells of it.
      one.on('error', () => {})
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
  }
}
