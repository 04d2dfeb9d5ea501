import { PageLife } from './page-life.ts'
import { paneStorage } from './storage.ts'

/** `left` or `right` in a split view, `''` in a tab of its own. */
export const pane: string = new URLSearchParams(location.search).get('pane') ?? ''

if (pane !== '') document.documentElement.dataset['pane'] = pane

/** What this tab keeps. The left pane goes on with what the whole tab was. */
export const storage: ReturnType<typeof paneStorage> = paneStorage(pane === 'left' ? '' : pane)

export const life: PageLife = new PageLife()
