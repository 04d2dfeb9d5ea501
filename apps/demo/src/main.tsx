import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import type { Reach } from './reach/reach.ts'
import { tabsReach } from './reach/tabs-reach.ts'
import { isRelay } from './tab/tab.ts'
import './styles/index.css'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
const page = createRoot(root)
const show = (reach: Reach): void =>
  page.render(
    <StrictMode>
      <App reach={reach} />
    </StrictMode>,
  )

if (isRelay) void import('./reach/relay-reach.ts').then(({ relayReach }) => show(relayReach()))
else show(tabsReach())
