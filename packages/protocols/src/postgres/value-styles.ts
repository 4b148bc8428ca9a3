/**
 * How the server writes dates and times as text, as it reports it.
 * https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-OUTPUT
 */
export class ValueStyles {
  #date = 'ISO'
  #dayFirst = false
  #interval = 'postgres'

  /** A setting that the server reports; those that say nothing of values are passed over. */
  report(setting: string, value: string): void {
    if (setting === 'DateStyle') {
      this.#date = value.split(',')[0] ?? 'ISO'
      this.#dayFirst = /DMY/.test(value)
    } else if (setting === 'IntervalStyle') this.#interval = value
  }

  date(millis: number): string {
    const [year = '', month = '', day = ''] = new Date(millis).toISOString().slice(0, 10).split('-')
    const [first, second] = this.#dayFirst ? [day, month] : [month, day]
    switch (this.#date) {
      case 'SQL':
        return `${first}/${second}/${year}`
      case 'German':
        return `${day}.${month}.${year}`
      case 'Postgres':
        return `${first}-${second}-${year}`
      default:
        return `${year}-${month}-${day}`
    }
  }

  /** `zoned`: with the zone, which is UTC. */
  timestamp(millis: number, zoned: boolean): string {
    const date = new Date(millis)
    const time = date.toISOString().slice(11, 19)
    if (this.#date === 'Postgres') {
      const [weekday = '', day = '', month = '', year = ''] = date.toUTCString().replace(',', '').split(' ')
      const dayAndMonth = this.#dayFirst ? `${day} ${month}` : `${month} ${day}`
      return `${weekday} ${dayAndMonth} ${time} ${year}${zoned ? ' UTC' : ''}`
    }
    const zone = this.#date === 'SQL' || this.#date === 'German' ? ' UTC' : '+00'
    return `${this.date(millis)} ${time}${zoned ? zone : ''}`
  }

  /** An interval of no length. */
  zeroInterval(): string {
    return zeroIntervals[this.#interval] ?? '00:00:00'
  }
}

const zeroIntervals: Readonly<Record<string, string>> = { iso_8601: 'PT0S', postgres_verbose: '@ 0', sql_standard: '0' }
