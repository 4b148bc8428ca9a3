import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'

/** Addresses and networks (CIDR), apart by spaces or commas; null: one of them is none. */
export function networks(text: string): BlockList | null {
  const list = new BlockList()
  for (const one of text.split(/[\s,]+/).filter((each) => each !== '')) {
    const [address = '', length, ...more] = one.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    const longest = family === 'ipv6' ? 128 : 32
    if (isIP(address) === 0 || more.length > 0) return null
    if (length === undefined) list.addAddress(address, family)
    else if (/^\d{1,3}$/.test(length) && Number(length) <= longest) list.addSubnet(address, Number(length), family)
    else return null
  }
  return list
}

/** Whether an address of a socket is in the list; IPv4 as IPv6 writes it is IPv4. */
export function listed(list: BlockList | null, address: string): boolean {
  if (list === null) return false
  const four = address.replace(/^::ffff:/i, '')
  return list.check(four, isIPv6(four) ? 'ipv6' : 'ipv4')
}

/** Who asks: the peer, or behind trusted proxies the last address of X-Forwarded-For that is not one of them. */
export function callerAddress(
  { socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>,
  trusted: BlockList | null,
): string {
  const peer = socket.remoteAddress ?? ''
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
  let address = peer
  for (const before of forwarded.toReversed().map((each) => each.trim())) {
    if (!listed(trusted, address) || isIP(before) === 0) break
    address = before
  }
  return address
}
