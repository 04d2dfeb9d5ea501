import type { AppSession } from '@earshot/react'
import { life, pane } from '../tab/tab.ts'

/** From telling the others to the end, in milliseconds: they know the moment then, and nothing else. */
const NOTICE = 60

/** Ends this tab without a goodbye, after telling the others when. Resolves when the browser withstood it. */
export async function endSuddenly(session: AppSession): Promise<void> {
  const at = Date.now() + NOTICE
  session.publish('tabs/crash', at, { volatile: true, echo: false })
  await new Promise(resolve => {
    setTimeout(resolve, NOTICE)
  })
  if (pane === '') crash()
  else cutOff()
}

/**
 * A page cannot ask for its renderer's end, and an endless loop is a hang. Chromium reads this expression by recursion, and its native stack is
 * not deep enough: the process is gone, as with any other crash.
 */
function crash(): void {
  document.evaluate('-'.repeat(200_000) + '1', document)
}

/** A pane shares its process with its page: its frame is taken away instead, and nobody says goodbye. */
function cutOff(): void {
  life.cut()
  parent.postMessage('cut', location.origin)
}
