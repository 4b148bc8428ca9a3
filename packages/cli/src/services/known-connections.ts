import { ConnectionList, type ConnectionSummary } from '@hoop/contracts'
import type { Device } from './device.ts'

/** Those of the names that the caller may use now; of the others the gateway will say why not. */
export async function knownConnections(device: Device, names: readonly string[]): Promise<ConnectionSummary[]> {
  const { connections } = await device.client.get('/v1/connections', ConnectionList)
  return connections.filter(({ name }) => names.includes(name))
}
