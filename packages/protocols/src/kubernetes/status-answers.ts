import type { Detectors } from '@hoop/contracts'
import { z } from 'zod'
import { BodyError, type BodyRewriter } from '../http/body-rewriter.ts'

/** `metav1.Status`. https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#Status */
const Status = z.looseObject({
  kind: z.literal('Status'),
  message: z.string().optional(),
  details: z.looseObject({ causes: z.array(z.looseObject({ message: z.string().optional() })).nullish() }).nullish(),
})
const longest = 1024 * 1024

/** What the API server says without a value of an object in it: names of objects and of those who ask. */
const telling: readonly RegExp[] = [
  /^[\w.-]+ "[^"]*" (not found|already exists)$/,
  /^[\w.-]+( "[^"]*")? is forbidden: User "[^"]*" cannot [\w-]+ resource "[^"]*" in API group "[^"]*"( in the namespace "[^"]*"| at the cluster scope)?$/,
  /^Operation cannot be fulfilled on [\w.-]+ "[^"]*": the object has been modified; please apply your changes to the latest version and try again$/,
  /^the server (could not find the requested resource|does not allow this method on the requested resource|has received too many requests and has asked us to try again later)$/,
  /^(the )?too old resource version: [0-9]+ \([0-9]+\)$/,
  /^(Unauthorized|The resourceVersion for the provided (list|watch) is too old\.)$/,
]
const hidden = 'the words of the API server are hidden: they may repeat fields that are masked for you'
const rule = 'hoop/error-words'

/**
 * Shows an error about objects some of whose fields are masked: the API server repeats values in its words (`Invalid value: "…"`), so only those
 * pass that are known to have none.
 */
export class StatusRewriter implements BodyRewriter {
  readonly masked: Record<string, number> = {}
  readonly #detectors: Detectors | null
  readonly #chunks: Buffer[] = []
  #length = 0

  constructor(detectors: Detectors | null) {
    this.#detectors = detectors
  }

  write(chunk: Buffer): readonly Buffer[] {
    this.#length += chunk.length
    if (this.#length > longest)
      throw new BodyError(`the error is longer than ${longest} bytes, and cannot be looked at for masking`)
    this.#chunks.push(chunk)
    return []
  }

  end(): readonly Buffer[] {
    const status = Status.safeParse(parsed(Buffer.concat(this.#chunks)))
    if (!status.success) throw new BodyError('the error is no Status of Kubernetes, and masked fields cannot be found in it')
    const { message, details, ...rest } = status.data
    const causes = details?.causes?.map((cause) => ({
      ...cause,
      ...(cause.message !== undefined && { message: this.#hidden() }),
    }))
    const shown = {
      ...rest,
      ...(message !== undefined && { message: this.#message(message) }),
      ...(details && { details: { ...details, ...(causes && { causes }) } }),
    }
    return [Buffer.from(`${JSON.stringify(shown)}\n`)]
  }

  #message(message: string): string {
    if (!telling.some((form) => form.test(message))) return this.#hidden()
    const found = this.#detectors?.text(message)
    for (const [by, count] of Object.entries(found?.masked ?? {})) this.masked[by] = (this.masked[by] ?? 0) + count
    return found?.text ?? message
  }

  #hidden(): string {
    this.masked[rule] = (this.masked[rule] ?? 0) + 1
    return hidden
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
