import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import type { Reach } from './reach/reach.ts'
import { tabsReach } from './reach/tabs-reach.ts'
import { sameReach } from './tab/tab.ts'
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

if (sameReach === '') show(tabsReach())
else void import('./reach/far-reach.ts').then(({ farReach }) => show(farReach()))
