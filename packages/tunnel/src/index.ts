export { type ConnectTunnelOptions, connectTunnel } from './connect.ts'
export { resetCodes, StreamReset } from './stream-reset.ts'
export type { ResumableTunnel, Tunnel, TunnelLog } from './tunnel.ts'
export { type AcceptTunnelOptions, acceptTunnel, tunnelServerOptions } from './websocket.ts'
