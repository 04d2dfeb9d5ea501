import { PageLife } from './page-life.ts'
import { paneStorage } from './storage.ts'

/** The query of a page that talks through the relay. */
export const RELAY = '?reach=relay'

const query = new URLSearchParams(location.search)

/** `left` or `right` in a split view, `''` in a tab of its own. */
export const pane: string = query.get('pane') ?? ''

/** Whether this page talks through the relay, and not from tab to tab. */
export const isRelay: boolean = query.get('reach') === 'relay'

/** What follows the path of another page of the same reach. */
export const sameReach: string = isRelay ? RELAY : ''

if (pane !== '') document.documentElement.dataset['pane'] = pane

/** What this tab keeps. The left pane goes on with what the whole tab was. */
export const storage: ReturnType<typeof paneStorage> = paneStorage(pane === 'left' ? '' : pane)

export const life: PageLife = new PageLife()
