import { execFile } from "node:child_process"

/** What psql prints of a statement: rows line by line with a bar between values, or the refusal. */
export function printedByPsql(url: string, statement: string): Promise<string> {
  const options = ["--no-psqlrc", "--tuples-only", "--no-align", "--field-separator", "|"]
  return new Promise((resolve) => {
    execFile("psql", [...options, "--command", statement, url], (error, stdout, stderr) =>
      resolve(error === null ? stdout.trimEnd() : stderr),
    )
  })
}
