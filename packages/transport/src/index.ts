export { broadcastChannel, type BroadcastChannelOptions } from './mesh/broadcast-channel.ts'
export { webSocket, type WebSocketOptions } from './relay/web-socket.ts'
export type { TokenOption } from './relay/token.ts'
export type { Codec, WebSocketLike } from './pipe/socket-pipe.ts'
