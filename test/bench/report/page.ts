import { readFile, writeFile } from 'node:fs/promises'

const begin = '<!-- npm run bench -->'
const end = '<!-- end of npm run bench -->'

/** Puts the report between the two marks of a page. */
export async function putIntoPage(file: string, report: string): Promise<void> {
  const page = await readFile(file, 'utf8')
  const [start, stop] = [page.indexOf(begin), page.indexOf(end)]
  if (start < 0 || stop < start) throw new Error(`${file} has no lines ${begin} and ${end} for the report to stand between`)
  await writeFile(file, `${page.slice(0, start + begin.length)}\n\n${report.trimEnd()}\n\n${page.slice(stop)}`)
}
