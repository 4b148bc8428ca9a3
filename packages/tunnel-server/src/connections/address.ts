import { isIPv6 } from 'node:net'

/** `host:port` of a document, where an IPv6 address is in brackets. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon)
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port: Number(address.slice(colon + 1)) }
}

/** Whether an IP address never leaves this machine. */
export function isLoopbackAddress(address: string): boolean {
  return isIPv6(address) ? /^(0*:)*:?0*1$/.test(address) && !address.includes('.') : /^127(\.\d{1,3}){3}$/.test(address)
}

/** Whether a host of a document is on this machine; the name `localhost` is looked up again at each dial. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopbackAddress(host)
}
