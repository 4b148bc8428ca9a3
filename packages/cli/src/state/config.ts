import { z } from 'zod'
import { readJsonFile, statePaths, writeFileAtomically } from './folder.ts'

const Config = z.object({ gateway: z.string() })

/** The gateway of the last login, or null. */
export async function currentGateway(home: string): Promise<string | null> {
  return (await readJsonFile(statePaths(home).config, Config))?.gateway ?? null
}

export async function setCurrentGateway(home: string, gateway: string): Promise<void> {
  await writeFileAtomically(statePaths(home).config, `${JSON.stringify({ gateway }, null, 2)}\n`)
}
