// One relay in a process of its own: says its port, and frees memory when asked.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const starters = {
  async earshot(server) {
    const { createRelay, memoryEngine } = await import('@earshot/server')
    const plenty = { perSecond: 1e9, burst: 1e9 }
    // Rates are off for all; the bounds that protect others stay as they are.
    const relay = createRelay({ origins: '*', engine: memoryEngine({ messages: 20_000 }), limits: { publishes: plenty, frames: plenty } })
    relay.attach(server, { path: '/' })
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
await starters[process.argv[2]](server)
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', () => {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  process.send({ held: (heapUsed + external) / 1024 })
})
process.on('disconnect', () => process.exit())
