import type { HttpOperation } from '@hoop/contracts'
import type { HttpRequest } from './request.ts'

/** One operation of the service, found by a request's method and path. */
export interface FoundOperation {
  readonly operation: HttpOperation
  /** As the connection writes it: `GET /v1/customers/{id}`, or the name that it gives. */
  readonly name: string
}

interface Template extends FoundOperation {
  /** Null: any segment. */
  readonly segments: readonly (string | null)[]
}

/** What a service offers, looked up by method and path; of several that fit the one with more fixed segments first. */
export class Templates {
  readonly #byMethod = new Map<string, readonly Template[]>()

  constructor(operations: readonly HttpOperation[]) {
    for (const operation of operations) {
      const segments = operation.path.split('/').slice(1).map(segmentOf)
      if (segments.at(-1) === '') segments.pop()
      const template = { operation, name: operation.name ?? `${operation.method} ${operation.path}`, segments }
      const others = this.#byMethod.get(operation.method) ?? []
      this.#byMethod.set(operation.method, [...others, template].toSorted(moreFixedFirst))
    }
  }

  /** Null: none fits. */
  find({ method, segments }: Pick<HttpRequest, 'method' | 'segments'>): FoundOperation | null {
    return this.#byMethod.get(method)?.find((template) => fits(template.segments, segments)) ?? null
  }
}

/** `{id}`, or a text with nothing of the kind in it. */
function segmentOf(text: string): string | null {
  return /^\{[^{}]+\}$/.test(text) ? null : text
}

function fits(template: readonly (string | null)[], segments: readonly string[]): boolean {
  return template.length === segments.length && template.every((part, i) => part === null || part === segments[i])
}

function moreFixedFirst(one: Template, other: Template): number {
  const open = ({ segments }: Template) => segments.map((part) => (part === null ? '1' : '0')).join('')
  return open(one) < open(other) ? -1 : open(one) > open(other) ? 1 : 0
}
