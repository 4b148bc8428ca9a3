import { readJsonFile, statePaths, writeFileAtomically } from './folder.ts'

/** Checked by hand: every command asks for it before its first word, and zod takes longer to load than all else that is needed by then. */
const Config = {
  parse(value: unknown): { gateway: string } {
    if (typeof value === 'object' && value !== null && 'gateway' in value && typeof value.gateway === 'string') {
      return { gateway: value.gateway }
    }
    throw new TypeError('it names no gateway')
  },
}

/** The gateway of the last login, or null. */
export async function currentGateway(home: string): Promise<string | null> {
  return (await readJsonFile(statePaths(home).config, Config))?.gateway ?? null
}

export async function setCurrentGateway(home: string, gateway: string): Promise<void> {
  await writeFileAtomically(statePaths(home).config, `${JSON.stringify({ gateway }, null, 2)}\n`)
}
