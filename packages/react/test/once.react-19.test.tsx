import { Activity, type ReactElement } from 'react'
import { expect, it } from 'vitest'
import { countingTransport, Everything, ONCE } from './support/everything.tsx'
import { stage } from './support/stage.tsx'

it('a page that uses every hook tells its transport everything once when <Activity> hides and shows it', async () => {
  const transport = countingTransport()
  const { show, pass } = stage({ transport })
  const page = (mode: 'visible' | 'hidden'): ReactElement => (
    <Activity mode={mode}>
      <Everything />
    </Activity>
  )
  const { change } = show(page('visible'))
  await pass(1000)
  for (let time = 0; time < 3; time++) {
    change(page('hidden'))
    await pass(200)
    change(page('visible'))
    await pass(200)
  }
  await pass(1000)
  expect([...transport.told].sort()).toEqual([...ONCE].sort())
})

it('a page that <Activity> shows for the first time tells its transport nothing before', async () => {
  const transport = countingTransport()
  const { show, pass } = stage({ transport })
  const { change } = show(<Activity mode="hidden"><Everything /></Activity>)
  await pass(1000)
  expect(transport.told.filter(told => !told.startsWith('open'))).toEqual([])
  change(<Activity mode="visible"><Everything /></Activity>)
  await pass(1000)
  expect([...transport.told].filter(told => /^(listen|enter)/.test(told))).toHaveLength(4)
})
