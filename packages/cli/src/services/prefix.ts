import { HoopError } from '@hoop/contracts/errors'

/** The one of `all` whose id is `prefix`, or the only one whose id begins with it. Throws HoopError `not_found` or `conflict`. */
export function matchPrefix<T extends { readonly id: string }>(all: readonly T[], prefix: string, what: string, list: string): T {
  const exact = all.find(({ id }) => id === prefix)
  if (exact) return exact
  const matches = prefix === '' ? [] : all.filter(({ id }) => id.startsWith(prefix))
  const [only, second] = matches
  if (only && !second) return only
  if (!only) throw new HoopError('not_found', `no ${what} "${prefix}" that you may see`, { hint: list })
  const some = matches.slice(0, 5).map(({ id }) => id)
  throw new HoopError(
    'conflict',
    `"${prefix}" is the beginning of ${matches.length} ids: ${some.join(', ')}${matches.length > 5 ? ', …' : ''}`,
    {
      hint: 'give more of the id',
    },
  )
}
