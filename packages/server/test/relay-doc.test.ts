import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FLAGS, type FlagName, variableOf } from '../src/cli/flags.ts'
import { ROUTES } from '../src/http/routes.ts'
import { createRelay, DEFAULT_LIMITS, type Rate } from '../src/index.ts'

const text = readFileSync(new URL('../../../docs/relay.md', import.meta.url), 'utf8')

/** The rows of the table that begins so: the cells of each, without the marks of code. */
function table(head: string): string[][] {
  const [, after = ''] = text.split(`\n| ${head} |`)
  const [rows = ''] = after.split('\n\n')
  return rows
    .split('\n')
    .slice(2)
    .map(row => row.slice(2, -2).split(' | ').map(cell => cell.replaceAll('`', '').trim()))
}

const grouped = (value: number): string => (value < 10_000 ? String(value) : value.toLocaleString('en'))

describe('docs/relay.md', () => {
  it('has each flag, its variable and its default', () => {
    const rows = table('flag').flatMap(([flags = '', variables = '', fallbacks = '']) => {
      const names = flags.split(', ')
      return names.map((flag, i) => [flag, variables.split(', ')[i], fallbacks.split(', ')[i] ?? fallbacks])
    })
    const names = Object.keys(FLAGS) as FlagName[]
    expect(rows.map(([flag]) => flag).sort()).toEqual(names.map(name => `--${name}`).sort())
    for (const name of names.filter(each => FLAGS[each].value)) {
      const [, variable, fallback] = rows.find(([flag]) => flag === `--${name}`) ?? []
      expect.soft([variable, FLAGS[name].fallback ?? fallback]).toEqual([variableOf(name), fallback])
    }
  })

  it('has each limit and its default', () => {
    const shown = (value: number | Rate): string => (typeof value === 'number' ? grouped(value) : `${grouped(value.perSecond)} a second, ${grouped(value.burst)} at once`)
    const rows = new Map(
      table('`limits`').flatMap(([names = '', values = '']) => {
        const each = names.split(', ')
        return each.map((name, i): [string, string] => [name, each.length === 1 ? values : (values.split(', ')[i] ?? '')])
      }),
    )
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(Object.entries(DEFAULT_LIMITS).map(([name, value]) => [name, shown(value)])))
  })

  it('has each metric and its type', async () => {
    const relay = createRelay()
    const metrics = [...(await relay.metrics()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type])
    await relay.close()
    expect(metrics.length).toBeGreaterThan(10)
    expect(table('metric').map(([name, type]) => [name, type]).sort()).toEqual(metrics.sort())
  })

  it('has each thing that back ends may ask for', () => {
    const asked = table('below `/earshot`').map(([what]) => what)
    expect(asked).toEqual([...ROUTES].map(([name, { method }]) => `${method} /${name}`).sort((one, other) => asked.indexOf(one) - asked.indexOf(other)))
    expect(asked.length).toBe(ROUTES.size)
  })
})
