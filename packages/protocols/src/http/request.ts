/** A request as it is judged and as it will be sent: immutable, and nothing in it can be read in two ways. */
export interface HttpRequest {
  readonly method: string
  /** Path and query as they will be sent, `/^[\x21-\x7e]+$/`, built once. */
  readonly target: string
  /** Decoded segments of the path; what is ambiguous (%2f, %5c, %00, `.`, `..`, `//`, `;`) never gets here. `[]` is `/`. */
  readonly segments: readonly string[]
  /** A trailing slash. */
  readonly folder: boolean
  readonly query: readonly { readonly name: string; readonly value: string }[]
  /** End-to-end headers only, lower-case names, in order, after hygiene. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** What the caller asks to go over to (`websocket`, `spdy/3.1`), lower case; null: nothing. */
  readonly upgrade: string | null
}

/**
 * `whole`: read before the judgement; `unreadable`: words why it could not be brought into a form that is judged. `streamed`: too large for that, or
 * binary; `length` null: it is not known.
 */
export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'whole'; readonly bytes: Buffer; readonly type: string | null; readonly unreadable?: string }
  | { readonly kind: 'streamed'; readonly type: string | null; readonly length: number | null }

/** What cannot be read: words that say why. */
export interface Unreadable {
  readonly unreadable: string
}
