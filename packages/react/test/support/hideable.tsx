import * as React from 'react'

/** Hides what it holds without unmounting it. React 18 cannot: there it shows it all the time, and the rest of a test still counts. */
export const Hideable: React.FC<{ mode: 'visible' | 'hidden'; children: React.ReactNode }> =
  'Activity' in React ? ({ mode, children }) => <React.Activity mode={mode}>{children}</React.Activity> : ({ children }) => children
