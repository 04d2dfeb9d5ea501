export { broadcastChannel, type BroadcastChannelOptions } from './mesh/broadcast-channel.ts'
