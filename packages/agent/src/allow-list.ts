import { BlockList, isIP } from 'node:net'
import { HoopError } from '@hoop/contracts'
import { kindOf } from '@hoop/tunnel'

interface Ports {
  readonly first: number
  readonly last: number
}

type Rule =
  | { readonly kind: 'name'; readonly name: string; readonly ports: Ports }
  | { readonly kind: 'address'; readonly addresses: BlockList; readonly literal: boolean; readonly ports: Ports }
  | { readonly kind: 'socket'; readonly path: string }

/** Why something is not dialled. */
export type NotAllowed = 'notListed' | 'neverDialled'

/** What an agent may dial: nothing that is not on it. */
export class AllowList {
  readonly #rules: readonly Rule[]

  private constructor(rules: readonly Rule[]) {
    this.#rules = rules
  }

  /**
   * `host:port`, `host:first-last`, `10.1.0.0/16:port`, IPv6 in brackets, `unix:/path`; each may be several with commas between.
   * @throws HoopError `invalid_request` naming what cannot be read
   */
  static parse(entries: readonly string[]): AllowList {
    const all = entries.flatMap((entry) => entry.split(',')).map((entry) => entry.trim())
    const rules = all.filter((entry) => entry !== '').map(ruleOf)
    if (rules.length > 0) return new AllowList(rules)
    throw new HoopError('invalid_request', 'The agent has nothing that it may dial.', {
      hint: 'Name it: --allow db.internal:5432; several with commas between.',
    })
  }

  /** Whether a name could be dialled at this port at all, before it is looked up. */
  mayLookUp(host: string, port: number): boolean {
    return this.#rules.some((rule) => {
      if (rule.kind === 'socket' || !within(rule.ports, port)) return false
      return rule.kind === 'address' || rule.name === canonical(host)
    })
  }

  /** Whether this address, to which the host led, may be dialled; null: it may. */
  refusal(host: string, address: string, port: number): NotAllowed | null {
    const kind = kindOf(address)
    if (kind === 'never') return 'neverDialled'
    const at = this.#rules.filter((rule) => rule.kind !== 'socket' && within(rule.ports, port))
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    const listed = at.filter((rule) => {
      if (rule.kind === 'name') return rule.name === canonical(host)
      return rule.kind === 'address' && rule.addresses.check(address, family)
    })
    if (listed.length === 0) return 'notListed'
    if (kind !== 'loopback') return null
    // A name that somebody else may point here, or a network that happens to contain it, does not list this machine.
    const literally = listed.some((rule) =>
      rule.kind === 'name' ? rule.name === 'localhost' : rule.kind === 'address' && rule.literal,
    )
    return literally ? null : 'neverDialled'
  }

  refusalOfSocket(path: string): NotAllowed | null {
    return this.#rules.some((rule) => rule.kind === 'socket' && rule.path === path) ? null : 'notListed'
  }
}

function ruleOf(entry: string): Rule {
  if (entry.startsWith('unix:/')) return { kind: 'socket', path: entry.slice('unix:'.length) }
  const [, bracketed, plain = '', first = '', last = first] =
    /^(?:\[([0-9a-fA-F:.]+(?:\/\d{1,3})?)\]|([^\s:[\]]+)):(\d{1,5})(?:-(\d{1,5}))?$/.exec(entry) ?? []
  const ports = { first: Number(first), last: Number(last) }
  const host = bracketed ?? plain
  if (host === '' || ports.first < 1 || ports.last > 65_535 || ports.last < ports.first) throw unreadable(entry)
  const [address = '', prefix] = host.split('/')
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(address) === 0) {
    if (prefix !== undefined || !/^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(host) || /^[\d.]+$/.test(host))
      throw unreadable(entry)
    return { kind: 'name', name: canonical(host), ports }
  }
  const addresses = new BlockList()
  if (prefix === undefined) addresses.addAddress(address, family)
  else if (Number(prefix) <= (family === 'ipv6' ? 128 : 32)) addresses.addSubnet(address, Number(prefix), family)
  else throw unreadable(entry)
  return { kind: 'address', addresses, literal: prefix === undefined, ports }
}

function within({ first, last }: Ports, port: number): boolean {
  return port >= first && port <= last
}

/** Names are the same in any case, and with the root's dot. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}

function unreadable(entry: string): HoopError {
  return new HoopError('invalid_request', `--allow ${entry} cannot be read.`, {
    hint: 'As in db.internal:5432, 10.1.0.0/16:5432-5439, [fd12::/48]:5432, unix:/run/postgresql/.s.PGSQL.5432.',
  })
}
