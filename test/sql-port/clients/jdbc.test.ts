import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { password } from "../warehouse.ts"
import { runParts, warehouseWithTls } from "./run-parts.ts"

const driver = "/usr/share/java/postgresql.jar"
const canRun = existsSync(driver) && spawnSync("javac", ["-version"]).status === 0
const skip = canRun ? false : "install libpostgresql-jdbc-java and default-jdk-headless to run these"

test("the JDBC driver", { skip }, async (t) => {
  const { port } = await warehouseWithTls(t)
  const url = (database: string) => `jdbc:postgresql://127.0.0.1:${port.port}/${database}`
  const program = join(import.meta.dirname, "jdbc.java")
  const options = ["-Duser.timezone=UTC", "-Dfile.encoding=UTF-8", "-XX:TieredStopAtLevel=1", "-cp", driver]
  await runParts(t, "java", [...options, program, url("shop"), url("dev"), password], 12)
})
