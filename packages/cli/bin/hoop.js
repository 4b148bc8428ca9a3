#!/usr/bin/env node
// Plain JavaScript: it must answer on any Node, and before anything else is loaded.
import { existsSync, readFileSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

const argument = process.argv[2]
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (argument === '--version' || argument === '-v') {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  process.stdout.write(`hoop ${version}\n`)
} else if (major < 24 || (major === 24 && minor < 5)) {
  process.stderr.write(`hoop needs Node 24.5 or later; this is ${process.version}\n`)
  process.exitCode = 1
} else {
  // Compiled code is kept in the user's own folder: the default, below the shared temporary folder, could be filled by others.
  const home = process.env.HOOP_HOME || join(homedir(), '.hoop')
  if (existsSync(home)) module.enableCompileCache(join(home, 'cache'))
  const { main } = await import('../src/main.ts')
  await main(process.argv.slice(2))
}
