/** Whose way with cached and frozen pages a test browser follows. */
export type Engine = 'chromium' | 'webkit' | 'firefox'
