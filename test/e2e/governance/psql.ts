import { execFile } from "node:child_process"

/** What psql prints of statements, one after another: rows line by line with a bar between values, or the refusal. */
export function printedByPsql(url: string, ...statements: string[]): Promise<string> {
  const options = [
    "--no-psqlrc",
    "--quiet",
    "--set=ON_ERROR_STOP=1",
    "--tuples-only",
    "--no-align",
    "--field-separator",
    "|",
  ]
  return new Promise((resolve) => {
    const commands = statements.flatMap((one) => ["--command", one])
    execFile("psql", [...options, ...commands, url], (error, stdout, stderr) =>
      resolve(error === null ? stdout.trimEnd() : stderr),
    )
  })
}
