export type { CutOptions, Direction } from './line.ts'
export type { RelayReadings, TestRelayOptions } from './relay-life.ts'
export type { TestConnection, TestDevice, TestWire } from './test-device.ts'
export {
  createTestNetwork,
  type FrameFilter,
  type RestartOptions,
  type StopOptions,
  type TestNetwork,
  type TestNetworkOptions,
  type TestRelay,
} from './test-network.ts'
export type { TestSocket, TestSocketEvent } from './test-socket.ts'
export { type CreateEngine, type EngineBounds, type EngineCase, engineCases } from './engine-cases.ts'
export type { TestEngine } from './engine-log.ts'
