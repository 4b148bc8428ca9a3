/** Times of the week in a time zone. */
export interface Hours {
  /** Null: it is closed then. `until`: when to ask again. */
  openAt(now: Date): { readonly until: Date } | null
}

export class HoursError extends Error {
  override readonly name = 'HoursError'
}

const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const shape = /^([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? ([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])(?: ([\w+/-]+))?$/
/** Clocks are changed on such a boundary: asked there, no change of them is missed. */
const quarter = 15

/**
 * Reads `Mon-Fri 07:00-20:00 Europe/Berlin`: days, times (24:00 is the end of the day), IANA time zone; UTC without one.
 * @throws HoursError
 */
export function parseHours(text: string): Hours {
  const [, first = '', last = first, h1, m1, h2, m2, zone = 'UTC'] = shape.exec(text) ?? []
  const [from, to] = [days.indexOf(first), days.indexOf(last)]
  const [opens, closes] = [Number(h1) * 60 + Number(m1), Number(h2) * 60 + Number(m2)]
  if (from === -1 || to === -1 || !(opens < closes) || closes > 24 * 60) {
    throw new HoursError('hours are days, times and a time zone, as in Mon-Fri 07:00-20:00 Europe/Berlin')
  }
  const clock = clockOf(zone)
  return {
    openAt(now) {
      const { day, minute } = clock(now)
      const inDays = from <= to ? day >= from && day <= to : day >= from || day <= to
      if (!inDays || minute < opens || minute >= closes) return null
      const left = Math.min(closes - minute, quarter - (minute % quarter))
      return { until: new Date(now.getTime() - (now.getTime() % 60_000) + left * 60_000) }
    },
  }
}

function clockOf(timeZone: string): (now: Date) => { day: number; minute: number } {
  try {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    return (now) => {
      const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]))
      return { day: days.indexOf(parts.weekday ?? ''), minute: Number(parts.hour) * 60 + Number(parts.minute) }
    }
  } catch {
    throw new HoursError(`${timeZone} is no time zone; they are called as in Europe/Berlin`)
  }
}
