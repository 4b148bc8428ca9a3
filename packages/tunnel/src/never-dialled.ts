import { BlockList, isIPv4, SocketAddress } from 'node:net'

/** Where no allow-list leads: what a machine tells itself, its neighbours or its cloud is nobody's database. */
const never = new BlockList()
// RFC 6890: this network, link-local, multicast, reserved, broadcast; the same of IPv6 (RFC 4291), site-local included.
never.addSubnet('0.0.0.0', 8, 'ipv4')
never.addSubnet('169.254.0.0', 16, 'ipv4')
never.addSubnet('224.0.0.0', 4, 'ipv4')
never.addSubnet('240.0.0.0', 4, 'ipv4')
never.addAddress('::', 'ipv6')
never.addSubnet('fe80::', 10, 'ipv6')
never.addSubnet('fec0::', 10, 'ipv6')
never.addSubnet('ff00::', 8, 'ipv6')
// Metadata services that are not link-local: Alibaba, Azure, Oracle; AWS, Google Cloud, Oracle by IPv6.
never.addAddress('100.100.100.200', 'ipv4')
never.addAddress('168.63.129.16', 'ipv4')
never.addAddress('192.0.0.192', 'ipv4')
never.addAddress('fd00:ec2::254', 'ipv6')
never.addAddress('fd20:ce::254', 'ipv6')
never.addAddress('fd00:c1::a9fe:a9fe', 'ipv6')

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

export type AddressKind = 'ordinary' | 'loopback' | 'never'

/** What may be dialled at an IP address, by itself and by the IPv4 address that it stands for. */
export function kindOf(address: string): AddressKind {
  const kinds = [address, ...embedded(address)].map((each) => {
    const family = isIPv4(each) ? 'ipv4' : 'ipv6'
    return never.check(each, family) ? 'never' : loopback.check(each, family) ? 'loopback' : 'ordinary'
  })
  return kinds.find((kind) => kind === 'never') ?? kinds.find((kind) => kind === 'loopback') ?? 'ordinary'
}

/** The IPv4 addresses within an IPv6 one: mapped and compatible (RFC 4291), translated (RFC 6052, 2765), 6to4 (RFC 3056). */
function embedded(address: string): string[] {
  if (isIPv4(address)) return []
  const groups = groupsOf(address)
  const four = (high = 0, low = 0) => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
  const [g0 = 0, g1 = 0, g2 = 0, g3 = 0, g4 = 0, g5 = 0, g6 = 0, g7 = 0] = groups
  if (g0 === 0x2002) return [four(g1, g2)]
  const last = four(g6, g7)
  if (g0 === 0x64 && g1 === 0xff9b) return [last]
  if (g0 !== 0 || g1 !== 0 || g2 !== 0 || g3 !== 0) return []
  const mapped = g4 === 0 && g5 === 0xffff
  const translated = g4 === 0xffff && g5 === 0
  const compatible = g4 === 0 && g5 === 0 && g6 !== 0
  return mapped || translated || compatible ? [last] : []
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): number[] {
  const plain = new SocketAddress({ address: address.replace(/%.*$/, ''), family: 'ipv6' }).address
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(plain)
  const text =
    dotted === null
      ? plain
      : `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`
  const [head = '', tail] = text.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  return [...left, ...Array<string>(zeros).fill('0'), ...right].map((group) => Number.parseInt(group, 16))
}
