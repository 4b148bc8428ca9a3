import { HoopError } from '@hoop/contracts/errors'

const seconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const
/** What a timer of Node can wait for. */
const longest = 24 * 86_400 * 1000

/** `45s`, `30m`, `8h`, `1h30m`, `2d` as milliseconds. Throws HoopError `invalid_request`. */
export function durationMs(text: string, flag: string): number {
  const parts = [...text.matchAll(/(\d{1,9})([smhd])/g)]
  const milliseconds = parts.reduce(
    (sum, [, number, unit]) => sum + Number(number) * seconds[unit as keyof typeof seconds] * 1000,
    0,
  )
  if (parts.map(([part]) => part).join('') === text && text !== '' && milliseconds <= longest) return milliseconds
  throw new HoopError('invalid_request', `${flag} ${text} is no time`, { hint: 'give it as in 30m, 8h or 1h30m; at most 24d' })
}
