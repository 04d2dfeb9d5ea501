import { it } from 'vitest'
import { Chaos, faults, rosterFaults } from '/work/main/packages/transport/test/support/chaos.ts'
it('x', async () => {
  const c = new Chaos({ engine: 'chromium', latency: 0, reorderGrants: false, seed: 0, loss: 0, acts: [] })
  c.browser.clock; for (const e of ['pagehide','pageshow','freeze','resume'] as const) (globalThis as any).E = e; c.browser.onPost(({ from, data }) => console.log(c.browser.clock.now(), from, JSON.stringify(data)))
  await c.play(JSON.parse(process.env.ACTS!))
  for (const l of c.lives) { l.tab.env.page.addEventListener('pageshow', () => console.log('SHOW', l.number), true); l.app.hub.on('status', s => console.log(c.browser.clock.now(), 'status', l.number, s.state)) }
  console.log('finish', c.lives.map(l => [l.tab.state, l.app.hub.status.state, l.tab.leaks()]))
  await c.finish()
  console.log(c.lives.map(l => [l.app.hub.status.state, l.app.session.id, l.room.members.map(m=>m.id+' '+m.clock)]))
  console.log(faults(c, false), rosterFaults(c))
})
