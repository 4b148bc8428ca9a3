import { isIPv6 } from 'node:net'
import type { ConnectionDocument } from '@hoop/contracts'

/** One address of a document: `host:port` with IPv6 in brackets, or `unix:/folder:port`, whose host is the folder. */
export interface Address {
  readonly host: string
  readonly port: number
}

export function splitAddress(address: string): Address {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon)
  const port = Number(address.slice(colon + 1))
  if (host.startsWith('unix:')) return { host: host.slice('unix:'.length), port }
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port }
}

/** All addresses of a connection, in the document's order. */
export function addressesOf({ address }: Pick<ConnectionDocument, 'address'>): readonly Address[] {
  return (typeof address === 'string' ? [address] : address).map(splitAddress)
}

/** Whether it is the folder of a Unix socket, as libpq tells them apart. */
export function isSocketFolder(host: string): boolean {
  return host.startsWith('/')
}

/** The socket's path, by libpq's convention. */
export function socketPath({ host, port }: Address): string {
  return `${host.replace(/\/+$/, '')}/.s.PGSQL.${port}`
}

/** Whether an IP address never leaves this machine. */
export function isLoopbackAddress(address: string): boolean {
  return isIPv6(address) ? /^(0*:)*:?0*1$/.test(address) && !address.includes('.') : /^127(\.\d{1,3}){3}$/.test(address)
}

/** Whether a host is this machine; the name `localhost` is looked up again at each dial. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopbackAddress(host)
}

/** How a session's record names where its connection leads. */
export function recordedAddress({ address, tls }: Pick<ConnectionDocument, 'address' | 'tls'>): { address: string; tls: string } {
  const addresses = typeof address === 'string' ? [address] : address
  const sockets = addresses.every((each) => isSocketFolder(splitAddress(each).host))
  return {
    address: addresses.join(', '),
    tls: sockets ? 'none (Unix socket)' : typeof tls === 'string' ? tls : tls.mode,
  }
}
