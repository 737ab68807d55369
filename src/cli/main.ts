import { readFileSync } from "node:fs"

const usage = `usage: millrace COMMAND

  serve [--config FILE]    run Millrace
  demo [--once] [--rows N] see it work, with a database of its own
  check                    test the configuration and every connection
  status [--json]          integrations, tables, rows, lag
  sql "STATEMENT"          run a statement in the warehouse
`

const [command] = process.argv.slice(2)
if (command === "--version") {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string
  }
  console.log(version)
} else if (command === "--help") {
  process.stdout.write(usage)
} else {
  process.stderr.write(usage)
  process.exitCode = 2
}
