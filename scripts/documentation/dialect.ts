/** The table of `docs/sql/dialect.md` from the table of cases. */
import { topics } from "../../test/sql-port/redshift-cases/all-cases.ts"
import { pageAddress, statementOf, type Topic } from "../../test/sql-port/redshift-cases/case-table.ts"

const [begin, end] = ["<!-- cases: written by scripts/dialect-page.ts -->", "<!-- end of cases -->"]

const inTable = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ")

function rowsOf({ title, page, cases }: Topic): string[] {
  return cases.map((one, at) => {
    const topic = at === 0 ? `[${title}](${pageAddress(page)})` : ""
    return `| ${topic} | \`${inTable(statementOf(one))}\` | ${inTable(one[1])} |`
  })
}

/** The page with its table written anew. */
export function dialectPage(page: string): string {
  const [before, rest] = page.split(begin)
  const after = rest?.split(end)[1]
  if (after === undefined) throw new Error(`the page has no place for the cases: ${begin}`)
  const table = ["| Redshift | statement | answer |", "| --- | --- | --- |", ...topics.flatMap(rowsOf)]
  return `${before}${begin}\n${table.join("\n")}\n${end}${after}`
}
