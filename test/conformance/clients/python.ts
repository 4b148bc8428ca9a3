import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect } from 'vitest'
import { python } from '../../support/index.ts'

const fileOf = (program: string) => fileURLToPath(new URL(`programs/${program}.py`, import.meta.url))

/** The cases of a Python program: the functions that it defines, without those that begin with an underscore. */
export function casesOf(program: string): string[] {
  return Array.from(readFileSync(fileOf(program), 'utf8').matchAll(/^(?:async )?def ([a-z]\w*)/gm), ([, name]) => name ?? '')
}

/** Runs one case of a Python program at an address; it holds if nothing was raised. */
export async function expectCase(program: string, name: string, url: string): Promise<void> {
  const { exitCode, stderr } = await execa(python(), ['-B', fileOf(program), name, url], { reject: false, timeout: 120_000 })
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
}
