import type { HttpServiceUpstream, Protocol } from '../protocol.ts'
import { ServiceDialect } from './service.ts'
import { serveHttp } from './session.ts'

/** HTTP/1.1 and HTTP/2, RFC 9110 to 9113. */
export const http: Protocol<HttpServiceUpstream> = {
  serve: (context) => serveHttp(context, (upstream) => new ServiceDialect(upstream)),
}
