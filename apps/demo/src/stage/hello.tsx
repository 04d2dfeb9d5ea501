import type { ReactElement } from 'react'
import { pane, sameReach } from '../tab/tab.ts'

const COUNTS = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine']

/** What to do first, and what it led to. */
export function Hello({ tabs, about }: { tabs: number; about: string }): ReactElement {
  const alone = tabs < 2
  return (
    <div className="hello">
      <h1 data-testid="headline">{alone ? 'Open this page in two tabs.' : `${COUNTS[tabs] ?? tabs} tabs within earshot.`}</h1>
      <p>{alone ? about : 'Say something: everyone within earshot hears it.'}</p>
      <div className="acts">
        <a className="button" href={location.pathname + sameReach} target="_blank" rel="noreferrer" data-testid="open-tab">
          {alone ? 'Open a second tab' : 'Open another tab'}
        </a>
        {pane === '' && (
          <a className="button plain" href={`split.html${sameReach}`} data-testid="split">
            Split this page
          </a>
        )}
      </div>
    </div>
  )
}
