/** What it throws is our own fault, and stops nothing of the others'. */
type Work = () => void

/**
 * What is done once for all that one turn of the event loop brought. First what goes on records, and what may leave because it is there; then
 * what has gathered for tunnels, by that too.
 */
export class Turns {
  #first: Work[] = []
  #last: Work[] = []
  #scheduled = false

  readonly first = (work: Work): void => {
    this.#first.push(work)
    this.#schedule()
  }

  readonly last = (work: Work): void => {
    this.#last.push(work)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#end)
  }

  readonly #end = (): void => {
    const first = this.#first
    this.#first = []
    for (const work of first) done(work)
    const last = this.#last
    this.#last = []
    for (const work of last) done(work)
    this.#scheduled = false
    if (this.#first.length > 0 || this.#last.length > 0) this.#schedule()
  }
}

function done(work: Work): void {
  try {
    work()
  } catch (error) {
    // As if it had a turn of its own.
    queueMicrotask(() => {
      throw error
    })
  }
}
