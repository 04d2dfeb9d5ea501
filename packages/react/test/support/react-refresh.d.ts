declare module 'react-refresh/runtime' {
  export function injectIntoGlobalHook(global: unknown): void
  export function register(component: unknown, name: string): void
  /** Components with the same key are edits that keep their state. */
  export function setSignature(component: unknown, key: string): void
  export function performReactRefresh(): unknown
}
