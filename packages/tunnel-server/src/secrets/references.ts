import { readFile, stat } from 'node:fs/promises'
import { HoopError, type Secret } from '@hoop/contracts'

/** A secret that is kept elsewhere: in the gateway's environment or in a file. */
export type SecretReference = Exclude<Secret, string>

const sizeLimit = 64 * 1024

/** Reads references when they are needed, so that a rotated secret counts from the next dial on. */
export class References {
  readonly #environment: (name: string) => string | undefined

  constructor(environment: (name: string) => string | undefined) {
    this.#environment = environment
  }

  /** `field`: where it stands in the connection. @throws HoopError `connection_unavailable` when there is nothing there. */
  async resolve(reference: SecretReference, connection: string, field: string): Promise<string> {
    const value = 'env' in reference ? this.#environment(reference.env) : await readSecretFile(reference.file)
    if (value !== undefined && value !== '') return value
    const [where, hint] =
      'env' in reference
        ? [`the environment variable ${reference.env}`, 'Set it where the gateway is started.']
        : [`the file ${reference.file}`, 'The gateway must be able to read it, and it must not be empty.']
    throw new HoopError('connection_unavailable', `The ${field} of ${connection} is not in ${where}.`, { hint })
  }
}

/** The file's text without the newline at its end that editors and `echo` leave. */
export async function readSecretFile(file: string): Promise<string | undefined> {
  const found = await stat(file).catch(() => null)
  if (found === null || !found.isFile() || found.size > sizeLimit) return undefined
  return await readFile(file, 'utf8').then(
    (text) => text.replace(/\r?\n$/, ''),
    () => undefined,
  )
}
