// Builds the demo as its visitors get it, in a process of its own: the test runner would have its config read the packages' sources, and bundle what is
// for development. With `preview` Vite then serves it, with the relay inside, until it is told to stop.
import { build, preview } from 'vite'

const [outDir, task] = process.argv.slice(2)
const root = `${import.meta.dirname}/../../apps/demo`
const config = { root, logLevel: 'error', build: { outDir } }

process.env.NODE_ENV = 'production'
await build(config)
if (task === 'preview') {
  const server = await preview({ ...config, preview: { port: 0 } })
  process.on('disconnect', () => process.exit())
  process.send(server.httpServer.address().port)
} else {
  process.disconnect()
}
