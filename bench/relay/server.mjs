// One relay in a process of its own: says its port; frees memory, or starts anew, when asked.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const starters = {
  async earshot(server) {
    const { createRelay, memoryEngine } = await import('@earshot/server')
    const plenty = { perSecond: 1e9, burst: 1e9 }
    const engine = memoryEngine({ messages: 20_000 })
    // The log outlives the relays over it.
    engine.close = () => {}
    let relay
    const begin = () => {
      // Rates are off for all; the bounds that protect others stay as they are.
      relay = createRelay({ origins: '*', engine, limits: { publishes: plenty, frames: plenty } })
      relay.attach(server, { path: '/' })
    }
    begin()
    return async () => {
      await relay.close()
      begin()
    }
  },
  /** The loop that everybody writes first. */
  ws(server) {
    const sockets = new WebSocketServer({ server, perMessageDeflate: false })
    sockets.on('connection', (socket) => {
      socket.on('message', (data) => {
        const text = String(data)
        for (const client of sockets.clients) if (client !== socket) client.send(text)
      })
    })
  },
  async 'socket.io'(server) {
    const { Server } = await import('socket.io')
    const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false, serveClient: false })
    io.on('connection', (socket) => {
      socket.on('join', (room) => socket.join(room))
      socket.on('message', (room, data) => socket.to(room).emit('message', data))
    })
  },
}

const server = createServer()
const restart = await starters[process.argv[2]](server)
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', (asked) => {
  if (asked === 'restart') return void restart().then(() => process.send({}))
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  process.send({ held: (heapUsed + external) / 1024 })
})
process.on('disconnect', () => process.exit())
