import { PropertySymbol, type Window } from 'happy-dom'

// The runner's globals are not all of happy-dom's window.
const page: Window = Reflect.get(document, PropertySymbol.window)

// In development React 18 calls components from a DOM event and learns from the window what they throw, as browsers tell it. The test runner turns
// that off: what a component throws would fly past React and every error boundary.
page.happyDOM.settings.disableErrorCapturing = false

// The window says what was thrown on a console of its own, which no test can watch.
const { console: own } = page
if (own !== console) own.error = (...said: unknown[]) => console.error(...said)
