export { messagePack, preloadMessagePack } from './message-pack.ts'
