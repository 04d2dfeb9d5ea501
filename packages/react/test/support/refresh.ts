import { injectIntoGlobalHook, performReactRefresh, register, setSignature } from 'react-refresh/runtime'

// React DOM looks for it while it is loaded, so this file is imported first of all.
injectIntoGlobalHook(globalThis)

/** Does to a component what a development server does when its file is saved. With other `hooks` than before it is mounted anew. */
export function save(name: string, component: (props: never) => unknown, hooks: string): void {
  setSignature(component, hooks)
  register(component, name)
  performReactRefresh()
}
