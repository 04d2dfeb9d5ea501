'use client'

export type { AppTab, AppTabOptions } from './app-tab.ts'
export type { AppUi } from './loaded-page.ts'
export { createTestApp, type TestApp, type TestAppOptions } from './test-app.ts'
