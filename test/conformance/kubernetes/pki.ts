import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'

/** A certificate and its key, PEM, and the files that they are in. */
export interface KeyPair {
  readonly certificate: string
  readonly key: string
  readonly certificateFile: string
  readonly keyFile: string
}

/** One authority in a folder of its own, made with openssl. */
export interface Authority {
  /** PEM. */
  readonly ca: string
  readonly caFile: string
  /** A certificate for this subject (`/O=GROUP/CN=NAME`), with this extension (`subjectAltName=…`). */
  issue(name: string, subject: string, extension: string): Promise<KeyPair>
  /** A key that signs tokens; the path of its file. */
  signingKey(name: string): Promise<string>
}

export async function makeAuthority(folder: string): Promise<Authority> {
  const file = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execa('openssl', args, { cwd: folder })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await openssl('req', '-x509', ...newKey, '-days', '30', '-subj', '/CN=test authority', '-keyout', 'ca.key', '-out', 'ca.crt')
  return {
    ca: await readFile(file('ca.crt'), 'utf8'),
    caFile: file('ca.crt'),
    async issue(name, subject, extension) {
      const [keyFile, certificateFile] = [file(`${name}.key`), file(`${name}.crt`)]
      await writeFile(file(`${name}.ext`), `${extension}\n`)
      await openssl('req', ...newKey, '-subj', subject, '-keyout', keyFile, '-out', `${name}.csr`)
      const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30']
      await openssl('x509', '-req', '-in', `${name}.csr`, ...authority, '-extfile', `${name}.ext`, '-out', certificateFile)
      const [certificate, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')])
      return { certificate, key, certificateFile, keyFile }
    },
    async signingKey(name) {
      // RSA: the API server reads no public half out of another key's PKCS #8.
      await openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', `${name}.key`)
      return file(`${name}.key`)
    },
  }
}
