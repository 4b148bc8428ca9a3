/** Microseconds for people: `0.4 ms`, `12 ms`, `3.1 s`. */
export function microseconds(value: number): string {
  if (value < 1000) return `${(value / 1000).toFixed(1)} ms`
  if (value < 1_000_000) return `${Math.round(value / 1000)} ms`
  return `${(value / 1_000_000).toFixed(1)} s`
}

/** Milliseconds for people, the two largest units: `45 s`, `3 min 5 s`, `15 min`, `11 h 59 min`. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return units(seconds, 60, 'min', 1, 's')
  if (seconds < 86_400) return units(seconds, 3600, 'h', 60, 'min')
  return units(seconds, 86_400, 'd', 3600, 'h')
}

function units(seconds: number, large: number, name: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % large) / small)
  return `${Math.floor(seconds / large)} ${name}${rest > 0 ? ` ${rest} ${smallName}` : ''}`
}

/** A time on this machine's clock: `2026-11-23 14:05:09`. */
export function localTime(iso: string): string {
  const date = new Date(iso)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
