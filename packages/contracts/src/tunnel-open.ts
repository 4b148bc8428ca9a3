import { z } from 'zod'
import { DocumentName } from './document-parts.ts'

/** WebSocket subprotocol of the tunnel. */
export const tunnelSubprotocol = 'hoop.tunnel.v1'

/** Header of the answer that opens a caller's tunnel: seconds that its streams stand still while the network is away, before they end. */
export const tunnelPatienceHeader = 'hoop-tunnel-patience'

/** What the header of an OPEN frame carries, as JSON, on a caller's tunnel: the session that the stream belongs to. */
export const SessionStream = z.strictObject({ session: z.string() })

/** Where an agent is asked to dial: TCP, or a Unix socket. */
export const DialTarget = z.union([
  z.strictObject({
    host: z.string().min(1).max(255),
    port: z.int().min(1).max(65_535),
    /** Of the addresses that the host's name leads to, this one. */
    address: z.union([z.ipv4(), z.ipv6()]).optional(),
  }),
  z.strictObject({ path: z.string().startsWith('/').max(107) }),
])
export type DialTarget = z.infer<typeof DialTarget>

/** The same on an agent's tunnel, where the gateway opens the streams. */
export const DialStream = z.strictObject({ dial: DialTarget })

/** The same between two gateways: an agent whose tunnel the other one has dials there, for this connection. */
export const PeerStream = z.strictObject({ connection: DocumentName, agent: DocumentName, target: DialTarget })
export type PeerStream = z.infer<typeof PeerStream>

export const StreamHeader = z.union([SessionStream, DialStream, PeerStream])
export type StreamHeader = z.infer<typeof StreamHeader>

/**
 * The first byte that an agent sends on a stream. `connected` is followed by the address that it reached, ASCII, behind one byte with its
 * length (0 for a Unix socket), and then by what the backend sends; after any other nothing follows. Numbers and not words: what callers
 * read is the gateway's own. Between gateways the address is followed by the agent's id in the same form.
 */
export const dialAnswers = {
  connected: 0,
  refused: 1,
  noAnswer: 2,
  unreachable: 3,
  unknownName: 4,
  /** The agent's allow-list does not have it. */
  notListed: 5,
  /** Link-local, metadata, multicast and unspecified addresses, and loopback that is not listed as such. */
  neverDialled: 6,
} as const
export type DialAnswer = keyof typeof dialAnswers
