/** A heading, and rows of cells under the names of their columns. */
export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** As Markdown, its columns aligned so that it can be read as it stands. */
export function markdown({ title, columns, rows }: Table): string {
  const widths = columns.map((name, n) => Math.max(3, name.length, ...rows.map((row) => (row[n] ?? '').length)))
  const line = (cells: readonly string[]) => `| ${widths.map((width, n) => (cells[n] ?? '').padEnd(width)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [`### ${title}`, '', line(columns), rule, ...rows.map(line), ''].join('\n')
}
