import { useEffect, useLayoutEffect } from 'react'

/** A layout effect: all listen before any `useEffect` publishes. On a server, where React 18 warns of these, none. */
export const useBrowserLayoutEffect: typeof useLayoutEffect = globalThis.document ? useLayoutEffect : useEffect
