import { useEffect, useLayoutEffect } from 'react'

/** A layout effect: siblings listen before any child's mount effect publishes. On a server, where React 18 warns of these, none. */
export const useBrowserLayoutEffect: typeof useLayoutEffect = globalThis.document ? useLayoutEffect : useEffect
