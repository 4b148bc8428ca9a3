import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HoopError } from '@hoop/contracts'
import { readSecretFile } from '../secrets/references.ts'
import { type Environment, loadSettings } from '../settings.ts'
import { backUp } from './backup.ts'
import type { Manifest } from './backup-file.ts'
import { check, type Finding, wrong } from './check.ts'
import { type Restored, restore } from './restore.ts'

/** The version of this gateway. */
export async function version(): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** Whether a gateway could start with this environment, and what is wrong if not. Changes nothing. */
export async function checkGateway(environment: Environment): Promise<Finding[]> {
  try {
    const settings = await loadSettings(environment)
    return [{ what: 'settings', result: 'ok', words: 'They can be read.', hint: null }, ...(await check(settings))]
  } catch (error) {
    return [{ what: 'settings', ...wrong(error) }]
  }
}

/** @throws HoopError; nothing is left behind then */
export async function backUpGateway(
  environment: Environment,
  file: string,
  { records, passphraseFile }: { records: boolean; passphraseFile: string | null },
): Promise<Manifest> {
  const settings = await loadSettings(environment)
  return await backUp(settings, file, { records, passphrase: await passphraseIn(passphraseFile), version: await version() })
}

/** @throws HoopError; nothing was restored then */
export async function restoreGateway(
  environment: Environment,
  file: string,
  { passphraseFile }: { passphraseFile: string | null },
): Promise<Restored> {
  return await restore(await loadSettings(environment), file, { passphrase: await passphraseIn(passphraseFile) })
}

async function passphraseIn(file: string | null): Promise<string | null> {
  if (file === null) return null
  const passphrase = await readSecretFile(file)
  if (passphrase) return passphrase
  throw new HoopError('invalid_request', `There is no passphrase in ${file}, or it cannot be read.`, {
    hint: 'Make one with: openssl rand -base64 24',
  })
}
