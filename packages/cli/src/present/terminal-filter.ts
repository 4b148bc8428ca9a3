/** What CSI may end with: text attributes, moves, erasing, scrolling. None of them makes a terminal answer or act outside its screen. */
const harmless = /^[0-9;:]*[ABCDEFGHJKLMPSTXZ@`abdefmr]$/
/** Cursor shown or not, wrapping, the other screen: what full-screen programs need. */
const harmlessMode = /^\?(7|25|47|1047|1048|1049)[hl]$/
/** ESC and one more: cursor saved and back, line moves. */
const harmlessEscape = /^[78DEM]$/
/** Longer than any sequence that is kept; of those that are not, what goes on behind this many characters is text again. */
const longest = 4096

type State = 'text' | 'escape' | 'charset' | 'csi' | 'string' | 'string-escape'

/**
 * A program's output, safe to write to a person's terminal: colours and moves stay; what sets titles or links, reads or writes the clipboard, asks the terminal
 * something (it would answer as if typed) or programs it is left out. Sequences may come in pieces. ECMA-48; https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */
export class TerminalFilter {
  #state: State = 'text'
  #sequence = ''
  #skipped = 0

  filter(text: string): string {
    let shown = ''
    for (const character of text) shown += this.#take(character)
    return shown
  }

  #take(character: string): string {
    // CAN and SUB end any sequence
    if (character === '\x18' || character === '\x1a') return this.#end('')
    switch (this.#state) {
      case 'text':
        return this.#text(character)
      case 'escape':
        return this.#escape(character)
      case 'charset':
        return this.#end(/^[0AB]$/.test(character) ? `\x1b${this.#sequence}${character}` : '')
      case 'csi':
        return this.#csi(character)
      case 'string':
      case 'string-escape':
        return this.#string(character)
    }
  }

  #text(character: string): string {
    const code = character.codePointAt(0) ?? 0
    if (character === '\x1b') return this.#begin('escape')
    if (code === 0x9b) return this.#begin('csi')
    if (code === 0x90 || code === 0x98 || code === 0x9d || code === 0x9e || code === 0x9f) return this.#begin('string')
    if (code >= 0x7f && code < 0xa0) return ''
    return code >= 0x20 || '\n\r\t\b'.includes(character) ? character : ''
  }

  #escape(character: string): string {
    if (character === '\x1b') return this.#begin('escape')
    if (character === '[') return this.#begin('csi')
    if (']PX^_'.includes(character)) return this.#begin('string')
    if ('()*+'.includes(character)) {
      this.#state = 'charset'
      this.#sequence = character
      return ''
    }
    return this.#end(harmlessEscape.test(character) ? `\x1b${character}` : '')
  }

  #csi(character: string): string {
    if (character === '\x1b') return this.#begin('escape')
    this.#sequence += character
    if (/[\x20-\x3f]/.test(character)) return this.#sequence.length > longest ? this.#end('') : ''
    const kept = harmless.test(this.#sequence) || harmlessMode.test(this.#sequence)
    return this.#end(kept ? `\x1b[${this.#sequence}` : '')
  }

  /** Ends with BEL or ST; any other ESC begins something new. */
  #string(character: string): string {
    if (this.#state === 'string-escape') return character === '\\' ? this.#end('') : this.#begin('escape') + this.#take(character)
    if (character === '\x07' || character === '\x9c') return this.#end('')
    if (character === '\x1b') {
      this.#state = 'string-escape'
      return ''
    }
    return ++this.#skipped > longest ? this.#end('') : ''
  }

  #begin(state: State): string {
    this.#state = state
    this.#sequence = ''
    this.#skipped = 0
    return ''
  }

  #end(shown: string): string {
    this.#begin('text')
    return shown
  }
}

/** Puts a terminal back to where a person can type. */
export const terminalReset = '\x1b[0m\x1b[?25h\x1b[?1049l\x1b[?7h\x1b[r'
