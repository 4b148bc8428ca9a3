import type { HttpRequest } from '../http/request.ts'

/** Ports that the request names: those of clients that number their channels by them. */
export function portsOf({ query }: Pick<HttpRequest, 'query'>): number[] {
  return query.filter(({ name }) => name === 'ports').flatMap(({ value }) => value.split(',').map(Number))
}
