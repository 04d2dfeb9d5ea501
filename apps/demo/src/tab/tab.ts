import { PageLife } from './page-life.ts'
import { paneStorage } from './storage.ts'

/** The query of a page that talks through the relay. */
export const RELAY = '?reach=relay'
/** … and shares its socket with the other tabs of its browser. */
export const SHARED = '?reach=shared'

const query = new URLSearchParams(location.search)

/** `left` or `right` in a split view, `''` in a tab of its own. */
export const pane: string = query.get('pane') ?? ''

/** What follows the path of another page of the same reach: nothing where tabs talk to tabs. */
export const sameReach: string = [RELAY, SHARED].find(each => each === `?reach=${query.get('reach')}`) ?? ''

if (pane !== '') document.documentElement.dataset['pane'] = pane

/** What this tab keeps. The left pane goes on with what the whole tab was. */
export const storage: ReturnType<typeof paneStorage> = paneStorage(pane === 'left' ? '' : pane)

export const life: PageLife = new PageLife()
