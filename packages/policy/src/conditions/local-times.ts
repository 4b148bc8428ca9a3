/** Time zones that are kept: a name may be spelled in many ways, and come from the caller. */
const mostZones = 100

interface Zone {
  readonly format: Intl.DateTimeFormat
  /** The last second that was asked for, since 1970, and how it is written there. */
  second: number
  text: string
}

/** What clocks show elsewhere. Intl takes a tenth of a millisecond to set about a time zone, and rules ask for the same one at each moment. */
export class LocalTimes {
  readonly #zones = new Map<string, Zone>()

  /** The same moment, which knows what it is called in a time zone: `toLocaleString` is what CEL's functions of time zones ask a Date. */
  of(now: Date): Date {
    const moment = new Date(now)
    const value = (locales: string, { timeZone }: { readonly timeZone: string }) => this.#textIn(locales, timeZone, moment)
    Object.defineProperty(moment, 'toLocaleString', { value })
    return moment
  }

  /** @throws RangeError for what is no time zone. */
  #textIn(locales: string, timeZone: string, now: Date): string {
    const second = Math.floor(now.getTime() / 1000)
    let zone = this.#zones.get(timeZone)
    if (zone === undefined) {
      if (this.#zones.size >= mostZones) this.#zones.clear()
      // Date and time, as Date.prototype.toLocaleString has them.
      const numeric = {
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      } as const
      zone = { format: new Intl.DateTimeFormat(locales, { timeZone, ...numeric }), second: Number.NaN, text: '' }
      this.#zones.set(timeZone, zone)
    }
    if (zone.second !== second) {
      zone.text = zone.format.format(now)
      zone.second = second
    }
    return zone.text
  }
}
