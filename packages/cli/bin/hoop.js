#!/usr/bin/env node
// Plain JavaScript: it must answer on any Node, and before anything else is loaded.
import { readFileSync, statSync } from 'node:fs'
import module from 'node:module'
import { homedir, userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'
import v8 from 'node:v8'

const argument = process.argv[2]
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (argument === '--version' || argument === '-v') {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  process.stdout.write(`hoop ${version}\n`)
} else if (major < 24 || (major === 24 && minor < 5)) {
  process.stderr.write(`hoop needs Node 24.5 or later; this is ${process.version}\n`)
  process.exitCode = 1
} else {
  if (process.platform !== 'win32') nameUser()
  // V8 13.6: buffers count as part of the whole heap. By themselves they have a small limit, and bulk data makes the collector walk the heap for every few of them.
  if (major === 24) v8.setFlagsFromString('--external-memory-accounted-in-global-limit')
  const home = ownFolder()
  if (home !== null) module.enableCompileCache(join(home, 'cache'))
  const { main } = await import('../src/main.ts')
  await main(process.argv.slice(2))
}

/**
 * The home is never where we happen to be, as an empty HOME says: others may have put something there. A container's user may be in no list of
 * users; libraries fail where neither that nor these variables say something. Only root could make the home that is named then.
 */
function nameUser() {
  const { HOME = '', SHELL } = process.env
  if (isAbsolute(HOME) && SHELL !== undefined) return
  let known = { homedir: '/no-home-of-this-user', shell: '/bin/sh' }
  try {
    known = userInfo()
  } catch {}
  if (!isAbsolute(HOME)) process.env.HOME = known.homedir
  process.env.SHELL ??= known.shell ?? '/bin/sh'
}

/** Where compiled code may be kept: what others could fill, as a folder below the shared temporary one or where we happen to be, is run by nobody. */
function ownFolder() {
  try {
    const home = process.env.HOOP_HOME || join(homedir(), '.hoop')
    const { uid, mode } = statSync(home)
    const own = process.platform === 'win32' || (uid === process.getuid?.() && (mode & 0o022) === 0)
    return own && isAbsolute(home) ? home : null
  } catch {
    return null
  }
}
