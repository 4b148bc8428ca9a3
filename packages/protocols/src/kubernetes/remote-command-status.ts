import { z } from 'zod'

/** What the error channel of a remote command says at its end: a `metav1.Status`, as far as it is read. */
export const RemoteCommandStatus = z.object({
  status: z.enum(['Success', 'Failure']),
  message: z.string().optional(),
  reason: z.string().optional(),
  code: z.int().optional(),
  details: z
    .object({ causes: z.array(z.object({ reason: z.string().optional(), message: z.string().optional() })).nullish() })
    .nullish(),
})
export type RemoteCommandStatus = z.infer<typeof RemoteCommandStatus>

/** A status has a few hundred bytes; what is longer is not read. */
const maxStatus = 64 * 1024

/** Reads how a remote command ended from its error channel. */
export class RemoteCommandEnd {
  readonly #version: number
  #bytes: Buffer[] = []
  #length = 0

  /** `version` of the remote command protocol: from 4 on the error channel carries a Status, before that a text. */
  constructor(version: number) {
    this.#version = version
  }

  push(bytes: Buffer): void {
    this.#length += bytes.length
    if (this.#length <= maxStatus) this.#bytes.push(Buffer.from(bytes))
    else this.#bytes = []
  }

  /** `exitCode` null: nothing says how the command ended. `error` null: it is not known to have failed. */
  result(): { readonly exitCode: number | null; readonly error: RemoteCommandStatus | null } {
    const bytes = Buffer.concat(this.#bytes)
    if (bytes.length === 0) return { exitCode: null, error: null }
    if (this.#version < 4) return { exitCode: null, error: { status: 'Failure', message: bytes.toString('utf8') } }
    const status = RemoteCommandStatus.safeParse(parsed(bytes))
    if (!status.success) return { exitCode: null, error: { status: 'Failure', message: bytes.toString('utf8') } }
    if (status.data.status === 'Success') return { exitCode: 0, error: null }
    return { exitCode: exitCodeOf(status.data), error: status.data }
  }
}

/** Words of ours in the place of the command's own end: what `kubectl` prints as its error. */
export function failedStatus(version: number, words: string): Buffer {
  if (version < 4) return Buffer.from(words)
  return Buffer.from(
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: words, code: 403 }),
  )
}

function exitCodeOf({ reason, details }: RemoteCommandStatus): number | null {
  if (reason !== 'NonZeroExitCode') return null
  const cause = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message ?? ''
  return /^\d{1,10}$/.test(cause) ? Number(cause) : null
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
