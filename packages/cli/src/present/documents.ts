import type { ApplyResult } from '@hoop/contracts'
import { escapeLine } from './escape.ts'
import type { Screen } from './screen.ts'

export function applied({ colour }: Screen, { results }: ApplyResult): string {
  return results
    .map(
      ({ kind, name, change }) =>
        `${kind}/${escapeLine(name)} ${change === 'unchanged' ? colour.dim(change) : colour.green(change)}`,
    )
    .join('\n')
}
