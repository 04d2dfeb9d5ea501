// A relay in a process of its own, which a test may kill. Says its port, its readings when it is asked for them, and stops when it is told to.
import { createServer } from 'node:http'
import { createRelay } from '@earshot/server'

const relay = createRelay({
  // The pages of a test come from another port.
  origins: '*',
  authenticate: (_request, token) => ({ userId: token ?? null }),
  limits: { ping: 2000 },
  onError: error => console.error(error),
})
const server = createServer()
relay.attach(server)
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.send?.(server.address().port))
process.on('message', (message) => {
  if (message === 'stats') process.send(relay.stats)
  else void relay.close({ spread: 300 }).then(() => process.exit())
})
process.on('disconnect', () => process.exit())
