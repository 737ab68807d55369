import { createHash } from "node:crypto"

/** Rows with consecutive numbers, each made of its number alone: what should have arrived can be told without the files. */
export const tableName = "page_views"
export const tableSql = `CREATE TABLE ${tableName} (id BIGINT, country VARCHAR(2), took DECIMAL(12,3), path VARCHAR(100))`

/** All that arrived, in one row. */
export const sumSql = `SELECT count(*), sum(took), md5(string_agg(id || '|' || country || '|' || took || '|' || path, chr(10) ORDER BY id)) FROM ${tableName}`

const countries = ["DE", "ES", "FR", "JP", "UA", "US"]
const paths = ["/", "/books", "/søk?q=ølglass", '/"quoted", with comma', "/庭", "/two\nlines"]

function fields(id: number): [string, string, string, string] {
  const thousandths = (id * 7919) % 1_000_000
  const took = `${Math.floor(thousandths / 1000)}.${String(thousandths % 1000).padStart(3, "0")}`
  return [String(id), countries[id % 6] ?? "", took, paths[id % 6] ?? ""]
}

/** A file of them, as CSV. */
export function csv(first: number, count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const [id, country, took, path] = fields(first + index)
    return `${id},${country},${took},"${path.replaceAll('"', '""')}"\n`
  }).join("")
}

/** What `sumSql` must answer when the rows 1 to `count` are there, each once. */
export function expectedSum(count: number): string[] {
  const hash = createHash("md5")
  let thousandths = 0
  for (let id = 1; id <= count; id++) {
    const line = fields(id)
    thousandths += Number(line[2].replace(".", ""))
    hash.update(`${id > 1 ? "\n" : ""}${line.join("|")}`)
  }
  const sum = `${Math.floor(thousandths / 1000)}.${String(thousandths % 1000).padStart(3, "0")}`
  return [String(count), sum, hash.digest("hex")]
}
