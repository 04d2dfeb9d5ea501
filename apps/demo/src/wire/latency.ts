/** Milliseconds since a moment of another tab: tabs of one machine share its clock. */
export function since(time: number): number {
  return Math.max(0, Date.now() - time)
}

/** A latency as well as it is known: the clock that tabs share has steps of a millisecond. */
export function duration(latency: number): string {
  return latency < 1 ? '<1 ms' : `${latency} ms`
}
