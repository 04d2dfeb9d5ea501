// What every runtime has and lib ES2022 does not name. Core is compiled without DOM and Node types, so that nothing else slips in.

interface AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

interface AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}

declare var AbortController: new () => AbortController
declare var TextEncoder: new () => { encode(text: string): Uint8Array }
declare function queueMicrotask(task: () => void): void
declare function atob(text: string): string
declare function btoa(text: string): string
declare function structuredClone<T>(value: T): T
declare var console: { error(...values: unknown[]): void; warn(...values: unknown[]): void }
