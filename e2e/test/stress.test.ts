import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { Suite } from '../support/suite.ts'
const suite = new Suite()
test('stress', async () => {
  const [a, b] = await suite.labs(2, { enter: 'x' }) as [Page, Page]
  const id = await b.evaluate(() => lab.session.id)
  let lost = 0
  for (let n = 0; n < 200; n++) {
    if (n % 2) await b.reload(); else await Promise.all([b.waitForNavigation({ waitUntil: 'domcontentloaded' }), b.evaluate(() => location.reload())])
    const now = await b.evaluate(async () => { await lab.session.ready; return lab.session.id }).catch(e => String(e))
    if (now !== id) { lost++; console.log(n, now) ; break }
  }
  console.log('lost', lost, await a.evaluate(() => lab.changes))
  expect(lost).toBe(0)
})
