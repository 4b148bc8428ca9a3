export { type ConnectTunnelOptions, connectTunnel } from './connect.ts'
export { resetCodes, StreamReset } from './stream-reset.ts'
export { type AcceptTunnelOptions, acceptTunnel, type Tunnel, type TunnelLog, tunnelServerOptions } from './websocket.ts'
