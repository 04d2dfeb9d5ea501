/** Something to wait for while rendering. */
export interface Waiting {
  /** Suspends the component that calls it, until `end`. Unlike `use`, React 18 knows it. */
  suspend(): void
  end(): void
}

export function waiting(): Waiting {
  let end = (): void => {}
  let isOver = false
  const promise = new Promise<void>(resolve => {
    end = resolve
  })
  return {
    suspend() {
      // oxlint-disable-next-line typescript/only-throw-error
      if (!isOver) throw promise
    },
    end() {
      isOver = true
      end()
    },
  }
}
