import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A fenced block: ```` ```sh as=devin until="SELECT" ````. */
export interface Block {
  readonly page: string
  /** Where its first line stands, from 1. */
  readonly line: number
  readonly language: string
  readonly options: Readonly<Record<string, string>>
  readonly text: string
}

/** One page of documentation. */
export interface Page {
  /** From the root. */
  readonly path: string
  /** Without fenced blocks. */
  readonly prose: string
  readonly blocks: readonly Block[]
  /** What stands between single backticks. */
  readonly spans: readonly string[]
  readonly headings: readonly string[]
}

/** Everything that people read: the pages of the root, of docs, and of each package. */
export function readPages(): Page[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name))
  const ofPackages = readdirSync(join(root, 'packages')).map((name) => join('packages', name, 'README.md'))
  const protocols = [join('packages', 'protocols', 'src', 'postgres', 'README.md')]
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...docs, ...ofPackages, ...protocols]
    .filter((path) => path.endsWith('.md') && existsSync(join(root, path)))
    .map(readPage)
}

function readPage(path: string): Page {
  const blocks: Block[] = []
  const prose: string[] = []
  let open: { line: number; info: string; lines: string[] } | null = null
  for (const [index, line] of readFileSync(join(root, path), 'utf8').split('\n').entries()) {
    const fence = /^\s*```(.*)$/.exec(line)
    if (fence === null) (open?.lines ?? prose).push(line)
    else if (open === null) open = { line: index + 2, info: fence[1] ?? '', lines: [] }
    else {
      blocks.push({ page: path, line: open.line, ...readInfo(open.info), text: open.lines.join('\n') })
      open = null
    }
  }
  if (open !== null) throw new Error(`${path}:${open.line}: a block without its end`)
  const text = prose.join('\n')
  return {
    path,
    prose: text,
    blocks,
    spans: [...text.matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map(([, span = '']) => span),
    headings: [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading),
  }
}

function readInfo(info: string): Pick<Block, 'language' | 'options'> {
  const [language = ''] = info.trim().split(' ', 1)
  const options: Record<string, string> = {}
  for (const [, name = '', quoted, bare = ''] of info.matchAll(/ (\w[\w-]*)=(?:"([^"]*)"|(\S+))/g)) options[name] = quoted ?? bare
  return { language, options }
}

/** The rows of the page's tables whose heading row begins with `first`: cells, code marks taken off. */
export function tableRows(page: Page, first: string): string[][] {
  const lines = page.prose.split('\n')
  const start = lines.findIndex((line) => cells(line)[0] === first)
  if (start < 0) throw new Error(`${page.path} has no table whose first column is "${first}"`)
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'))
  return lines.slice(start + 2, end < 0 ? undefined : end).map(cells)
}

function cells(line: string): string[] {
  if (!line.startsWith('|')) return []
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1'))
}

/** The targets of links that lead to something in this repository, from the root, with their anchors. */
export function relativeLinks({ path, prose }: Page): { target: string; anchor: string | null }[] {
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = '', anchor = null] = target.split('#')
      return { target: file === '' ? path : join(dirname(path), file), anchor }
    })
}

/** The anchor that GitHub gives a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}
