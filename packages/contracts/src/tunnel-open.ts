import { z } from 'zod'

/** WebSocket subprotocol of the tunnel. */
export const tunnelSubprotocol = 'hoop.tunnel.v1'

/** What the header of an OPEN frame carries, as JSON: the session that the stream belongs to. */
export const StreamHeader = z.strictObject({ session: z.string() })
export type StreamHeader = z.infer<typeof StreamHeader>
