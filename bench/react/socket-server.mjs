// A server that sends numbers to all who are connected, as the sending tab does.
import { WebSocketServer } from 'ws'

export async function startSocketServer() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `ws://127.0.0.1:${server.address().port}`,
    /** Sends so many messages, evenly, at so many a second. */
    async send(count, rate) {
      const start = performance.now()
      for (let n = 0; n < count; await new Promise((resolve) => setTimeout(resolve, 5))) {
        for (const due = Math.min(count, ((performance.now() - start) / 1000) * rate); n < due; n++) {
          const text = JSON.stringify({ n, x: 512.5, y: 384.25, text: 'one line of a chat' })
          for (const client of server.clients) client.send(text)
        }
      }
    },
    close: () => server.close(),
  }
}
