import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { HoopError } from '@hoop/contracts'
import { extract, type Pack, pack } from 'tar-stream'
import { z } from 'zod'

const Name = z
  .string()
  .regex(/^(store|records|keys)(\/[A-Za-z0-9_.-]{1,100}){1,5}$/)
  .refine((name) => !/(^|\/)\.{1,2}(\/|$)/.test(name))
const manifestName = 'manifest.json'
const longestManifest = 256 * 1024 * 1024

/** The end of a backup: what must be in it, so that one that is cut short or altered is known. */
export const Manifest = z.strictObject({
  format: z.literal(1),
  hoop: z.string(),
  madeAt: z.iso.datetime(),
  /** `StoreVersion`. */
  schema: z.int().positive(),
  /** The id of the gateway, by which it finds again what it had open. */
  gateway: z.string(),
  /** Of the master key, as `Cipher.keyId`. */
  masterKeyId: z.string(),
  /** Of each table: its columns in the order of its file, and how many rows. */
  tables: z.record(z.string(), z.strictObject({ columns: z.array(z.string()), rows: z.int().min(0) })),
  records: z.boolean(),
  files: z.array(z.strictObject({ name: Name, size: z.int().min(0), sha256: z.string().length(64) })),
  /** HMAC-SHA-256 of all of the above under a key from the master key, hex: who has not got that cannot make a backup. */
  seal: z.string().regex(/^[0-9a-f]{64}$/),
})
export type Manifest = z.infer<typeof Manifest>
type FileEntry = Manifest['files'][number]

/** Whether the manifest, and so all of the backup, was made by a gateway with this master key. */
export function isSealedBy(master: Buffer, { seal, ...sealed }: Manifest): boolean {
  return timingSafeEqual(sealOf(master, sealed), Buffer.from(seal, 'hex'))
}

function sealOf(master: Buffer, { files, tables, ...rest }: Omit<Manifest, 'seal'>): Buffer {
  const { format, hoop, madeAt, schema, gateway, masterKeyId, records } = rest
  const parts = [
    [format, hoop, madeAt, schema, gateway, masterKeyId, records],
    Object.entries(tables).map(([name, { columns, rows }]) => [name, columns, rows]),
    files.map(({ name, size, sha256 }) => [name, size, sha256]),
  ]
  const key = Buffer.from(hkdfSync('sha256', master, '', 'hoop backup manifest 1', 32))
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest()
}

/** Writes a backup: a tar file whose last member is the manifest. */
export class BackupWriter {
  readonly #pack: Pack = pack()
  readonly #files: FileEntry[] = []
  readonly #path: string
  readonly #written: Promise<void>

  /** @throws HoopError `conflict` when there is such a file */
  static async create(path: string): Promise<BackupWriter> {
    await (await newFile(path)).close()
    // Never one that is there: it may be somebody else's, or lead elsewhere.
    const partial = await newFile(`${path}.partial`).catch(async (error: unknown) => {
      await rm(path, { force: true })
      throw error
    })
    return new BackupWriter(path, partial)
  }

  private constructor(path: string, partial: FileHandle) {
    this.#path = path
    this.#written = pipeline(this.#pack, partial.createWriteStream({ flush: true }))
    this.#written.catch(() => {})
  }

  /** Adds the first `size` bytes of a file. */
  async addFile(name: string, from: string, size: number): Promise<void> {
    const hash = createHash('sha256')
    if (size === 0) return await this.addText(name, '')
    const entry = this.#pack.entry(header(name, size))
    const read = createReadStream(from, { end: size - 1 })
    await pipeline(
      read,
      through((chunk) => hash.update(chunk)),
      entry,
    )
    this.#files.push({ name: Name.parse(name), size, sha256: hash.digest('hex') })
  }

  async addText(name: string, text: string): Promise<void> {
    const bytes = Buffer.from(text)
    await this.#add(name, bytes)
    this.#files.push({ name: Name.parse(name), size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
  }

  /** Ends the file: from now on it is there, whole and on the disk. */
  async finish(about: Omit<Manifest, 'format' | 'files' | 'seal'>, master: Buffer): Promise<Manifest> {
    const sealed = { format: 1 as const, ...about, files: this.#files }
    const manifest: Manifest = { ...sealed, seal: sealOf(master, sealed).toString('hex') }
    await this.#add(manifestName, Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`))
    this.#pack.finalize()
    await this.#written
    await rename(`${this.#path}.partial`, this.#path)
    const folder = await open(dirname(this.#path), 'r')
    await folder.sync().finally(() => folder.close())
    return manifest
  }

  /** Leaves nothing behind. */
  async abandon(): Promise<void> {
    this.#pack.destroy()
    await this.#written.catch(() => {})
    await rm(`${this.#path}.partial`, { force: true })
    await rm(this.#path, { force: true })
  }

  #add(name: string, bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pack.entry(header(name, bytes.length), bytes, (error) => (error ? reject(error) : resolve()))
    })
  }
}

async function newFile(path: string): Promise<FileHandle> {
  return await open(path, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    throw new HoopError('conflict', `The backup ${path} cannot be made (${cause.code}).`, {
      hint: 'Give the name of a new file; remove what a backup that was killed left behind.',
      cause,
    })
  })
}

/** Reads all of a backup and gives back its manifest. @throws HoopError `invalid_request` when it is not as it was written */
export async function verifyBackup(path: string): Promise<Manifest> {
  const found: FileEntry[] = []
  let manifest: Manifest | null = null
  try {
    for await (const { name, size, content } of members(path)) {
      if (manifest !== null) throw new Error(`${name} stands behind its end`)
      const hash = createHash('sha256')
      if (name === manifestName) {
        if (size > longestManifest) throw new Error('its manifest is too long')
        manifest = Manifest.parse(JSON.parse(await textOf(content)))
        continue
      }
      for await (const chunk of content) hash.update(chunk as Buffer)
      found.push({ name, size, sha256: hash.digest('hex') })
    }
    if (manifest === null) throw new Error('its end is missing')
    const [expected, actual] = [manifest.files, found].map((files) =>
      files.map(({ name, size, sha256 }) => `${name} ${size} ${sha256}`),
    )
    const wrong = actual?.find((file, index) => file !== expected?.[index])
    if (wrong !== undefined || actual?.length !== expected?.length)
      throw new Error(`${wrong?.split(' ')[0] ?? 'a file'} is not as it was written`)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw new HoopError('not_found', `There is no backup ${path}.`)
    const why =
      cause instanceof z.ZodError
        ? 'its manifest is not one that this version can read'
        : cause instanceof Error
          ? cause.message
          : String(cause)
    throw new HoopError('invalid_request', `${path} is damaged, or no backup: ${why}.`, {
      hint: 'Nothing was restored. Take another one.',
      cause,
    })
  }
  return manifest
}

/** The members of a backup but for its manifest, one after the other; each must be read to its end. */
export async function* members(path: string): AsyncIterable<{ name: string; size: number; content: AsyncIterable<unknown> }> {
  const reading = extract()
  const piped = pipeline(createReadStream(path), reading)
  piped.catch(() => {})
  try {
    for await (const entry of reading) {
      const { name, size = 0, type } = entry.header
      if (type !== 'file') throw new Error(`${name} is not a file`)
      yield { name: name === manifestName ? name : Name.parse(name), size, content: entry }
      entry.resume()
    }
    await piped
  } finally {
    reading.destroy()
  }
}

export async function textOf(content: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of content) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function header(name: string, size: number) {
  return { name, size, mode: 0o600, mtime: new Date(), type: 'file' as const }
}

function through(look: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      look(chunk)
      done(null, chunk)
    },
  })
}
