import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { ask, members, postRaw, sessionId, Suite } from '../support/suite.ts'

const suite = new Suite()

const codes = (): string[] => lab.errors.map(({ code }) => code)

/** Takes the errors that were provoked; a test fails when any are left. */
function takeErrors(pages: readonly Page[]): Promise<unknown> {
  return ask(pages, () => lab.errors.splice(0))
}

/** Opens two tabs that are present and talk, and a page of the same origin without a hub. */
async function victims(): Promise<{ pages: [Page, Page]; villain: Page; ids: string[] }> {
  const pages = (await suite.labs(2, { enter: 'here', listen: 'news' })) as [Page, Page]
  const ids = (await ask(pages, sessionId)).sort()
  await expect.poll(() => ask(pages, members)).toEqual([ids, ids])
  return { pages, villain: await suite.blank(), ids }
}

/** They talk, see one another, and answer each other's questions. */
async function expectUnharmed(pages: readonly [Page, Page], ids: string[]): Promise<void> {
  await ask(pages, () => lab.heard.splice(0))
  await ask(pages, () => {
    for (const text of ['one', 'two']) lab.session.publish('news', `${lab.session.id} ${text}`)
  })
  const messages = ids.flatMap(id => [`${id} one`, `${id} two`])
  await expect.poll(() => ask(pages, () => [...lab.data].sort())).toEqual([messages, messages])
  expect(await ask(pages, () => lab.hub.occupancy('news'))).toEqual([2, 2])
  await expect.poll(() => ask(pages, members)).toEqual([ids, ids])
  expect(await ask(pages, () => 'polluted' in {})).toEqual([false, false])
}

test('a tab of another protocol version is reported once and disturbs nobody', async () => {
  const { pages, villain, ids } = await victims()
  await postRaw(villain, suite.carrier, Array.from({ length: 3 }, () => ({ v: 99, f: 'x', n: 1, m: [] })))
  await expect.poll(() => ask(pages, codes)).toEqual([['protocol-version'], ['protocol-version']])
  await expectUnharmed(pages, ids)
  await postRaw(villain, suite.carrier, [{ v: 99, f: 'y', n: 1, m: ['["h",1,[],""]'], extra: true }])
  await expectUnharmed(pages, ids)
  expect(await ask(pages, codes)).toEqual([['protocol-version'], ['protocol-version']])
  expect(await ask(pages, () => lab.errors[0]?.details)).toEqual([{ value: 99 }, { value: 99 }])
  await takeErrors(pages)
})

const deep = '['.repeat(20_000) + ']'.repeat(20_000)
const evil = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'
const hostile: Record<string, readonly unknown[]> = {
  'no frame at all': [null, 0, '', 'text', [], {}, true],
  'wrong types in a frame': [
    { v: '1', f: 'x', n: 1, m: [] },
    { v: 1, f: 7, n: 1, m: [] },
    { v: 1, f: '', n: 1, m: [] },
    { v: 1, f: 'x'.repeat(1000), n: 1, m: [] },
    { v: 1, f: 'x', n: -1, m: [] },
    { v: 1, f: 'x', n: 1.5, m: [] },
    { v: 1, f: 'x', n: 1e300, m: [] },
    { v: 1, f: 'x', n: 1, m: {} },
    { v: 1, f: 'x', n: 1, m: 'h' },
    { v: 1, f: 'x', n: 1, to: {}, m: [] },
  ],
  'items that make no sense': [
    { v: 1, f: 'x', n: 0, m: [null, 1, 'text', '{', '[]', '["zz"]', '["__proto__"]', '["constructor",1]', [], [[]], {}, ['h'], ['p', 1]] },
    { v: 1, f: 'x', n: 0, m: ['["h",-1,[],""]', '["h",1,{},""]', '["s",1,2,3,4]', '["i",1,"a//b",1]', '["m",1,"*",0,0,0,1]', '["p",1,"a/**",1,1,1,null,0]'] },
  ],
  'prototype pollution': [
    { v: 1, f: 'p', n: 1, m: [['h', 1, ['["s",1,"__proto__","constructor","t"]', '["i",1,"__proto__",1]', `["m",1,"__proto__",${evil},1,1,1]`], '__proto__']] },
    { v: 1, f: 'p', n: 2, m: [`["p",1,"news/__proto__",1,1,${evil},["__proto__"],0]`, `["p",1,"__proto__",1,1,${evil},null,0]`] },
    { v: 1, f: '__proto__', n: 1, m: [['h', 1, [], '']] },
    { v: 1, f: 'p', n: 0, m: [['q', 1, ['__proto__', 'constructor'], 10, [1, '__proto__', '__proto__', '__proto__'], null]] },
  ],
  'deep nesting': [
    { v: 1, f: 'd', n: 1, m: [['h', 1, ['["s",1,"deep",null,"t"]'], '']] },
    { v: 1, f: 'd', n: 2, m: [`["p",1,"depths",1,1,${deep},null,0]`, deep, `["m",1,"depths",${deep},1,1,1]`] },
  ],
  'huge frames': [
    { v: 1, f: 'big', n: 1, m: [['h', 1, ['["s",1,"big",null,"t"]'], '']] },
    { v: 1, f: 'big', n: 2, m: [`["p",1,"halls",1,1,"${'x'.repeat(5_000_000)}",null,0]`] },
    { v: 1, f: 'big', n: 3, m: Array.from({ length: 30_000 }, () => '["p",1,"halls",1,1,0,null,0]') },
    { v: 1, f: 'big', n: 3, m: Array.from({ length: 20_000 }, (_, n) => `["i",1,"many/${n}",1]`) },
  ],
  'counters near the end of numbers': [
    { v: 1, f: 'n', n: Number.MAX_SAFE_INTEGER, m: [['h', Number.MAX_SAFE_INTEGER, ['["s",1,"n",null,"t"]'], '']] },
    { v: 1, f: 'n', n: Number.MAX_SAFE_INTEGER, m: [`["p",1,"halls",${Number.MAX_SAFE_INTEGER},1,0,null,0]`] },
    { v: 1, f: 'n', n: 0, m: [['?', 0, Number.MAX_SAFE_INTEGER], ['a', 1, 1, [[], null, ['x', null, 'k', '["h"]']], 1], ['w', 9e15, [], 1], ['t', 9e15], ['x', 9e15], ['r', 1, []]] },
  ],
}

test.each(Object.entries(hostile))('%s: reported or ignored, and nothing breaks', async (_, frames) => {
  const { pages, villain, ids } = await victims()
  await postRaw(villain, suite.carrier, frames)
  await expectUnharmed(pages, ids)
  for (const error of (await ask(pages, codes)).flat()) expect(error).toBe('protocol-violation')
  await takeErrors(pages)
})

test('frames that make no sense are reported, and not one by one', async () => {
  const { pages, villain, ids } = await victims()
  await postRaw(villain, suite.carrier, Array.from({ length: 100 }, (_, n) => `nonsense ${n}`))
  await expect.poll(() => ask(pages, codes)).toEqual([['protocol-violation'], ['protocol-violation']])
  await expectUnharmed(pages, ids)
  expect(await ask(pages, codes)).toEqual([['protocol-violation'], ['protocol-violation']])
  await takeErrors(pages)
})

test('a forged tab that holds no lock is a member for a moment only', async () => {
  const { pages, villain, ids } = await victims()
  await ask(pages, () => lab.changes.splice(0))
  await postRaw(villain, suite.carrier, [{ v: 1, f: 'ghost', n: 1, m: [['h', 1, ['["s",1,"ghost","ada","t"]', '["i",1,"**",1]', '["m",1,"room","boo",1,1,1]'], '']] }])
  const seen = (): unknown[] => lab.changes.map(({ type, id }) => [type, id])
  await expect.poll(() => ask(pages, seen)).toEqual([0, 1].map(() => [['enter', 'ghost'], ['leave', 'ghost']]))
  await expectUnharmed(pages, ids)
})

test('forged frames in the name of a living tab cost no message, and no endless talk', async () => {
  const { pages, villain, ids } = await victims()
  const [first, second] = pages
  const node = await second.evaluate(() => (lab.spy.posts[0] as { f: string }).f)
  await postRaw(villain, suite.carrier, [
    { v: 1, f: node, n: 1_000_000, m: ['["p",1,"news",1,1,"forged",null,0]'] },
    { v: 1, f: node, n: 2, m: ['["p",1,"news",1,1,"old",null,0]'] },
  ])
  await expectUnharmed(pages, ids)
  const posted = async (): Promise<number[]> => ask([first, second], () => lab.spy.posts.length)
  const before = await posted()
  await expectUnharmed(pages, ids)
  const after = await posted()
  expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([3, 3])
})
