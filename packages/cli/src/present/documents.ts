import type { ApplyResult } from '@hoop/contracts'
import type { Screen } from './screen.ts'

export function applied({ colour }: Screen, { results }: ApplyResult): string {
  return results
    .map(({ kind, name, change }) => `${kind}/${name} ${change === 'unchanged' ? colour.dim(change) : colour.green(change)}`)
    .join('\n')
}
