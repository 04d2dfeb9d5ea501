/** Derives something of a state: once for each state, and the same object again while it is equal. */
export function keepEqual<State, Derived>(
  read: () => State,
  derive: (state: State) => Derived,
  isEqual: (one: Derived, other: Derived) => boolean,
): () => Derived {
  let last: { state: State; derived: Derived } | undefined
  return () => {
    const state = read()
    if (!last || last.state !== state) {
      const derived = derive(state)
      last = { state, derived: last && isEqual(last.derived, derived) ? last.derived : derived }
    }
    return last.derived
  }
}
