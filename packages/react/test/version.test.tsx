import { createHub } from '@earshot/core'
import { render } from '@testing-library/react'
import { type ReactElement, useId, version } from 'react'
import { version as domVersion } from 'react-dom'
import { renderToString, version as serverVersion } from 'react-dom/server'
import { expect, it } from 'vitest'
import { createTestApp } from '../src/testing/index.ts'

/** Hooks work with the renderer that came with this React, and no other. */
function Version(): ReactElement {
  return <p id={useId()}>{version}</p>
}

it('these tests run in the React that their project names, whoever renders', async () => {
  const major = new RegExp(`^${process.env['REACT']}\\.`)
  for (const each of [version, domVersion, serverVersion]) expect(each).toMatch(major)
  expect(render(<Version />).container.textContent).toMatch(major)
  expect(renderToString(<Version />)).toContain(version)
  await using app = createTestApp({ hub: env => createHub(env), ui: <Version /> })
  expect(app.openTab().container.textContent).toMatch(major)
})
