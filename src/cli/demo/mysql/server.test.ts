import assert from "node:assert/strict"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import { removeFolder, temporaryFolder } from "../../../../test/support/temporary-folder.ts"
import { findInstallation } from "./server.ts"

test("a mariadbd counts only with the system tables that belong to it", async (t) => {
  const root = await temporaryFolder("installation")
  t.after(() => removeFolder(root))
  const folders = [join(root, "empty"), join(root, "bin")]
  const share = join(root, "share", "mariadb")
  await mkdir(join(root, "bin"))
  await mkdir(share, { recursive: true })
  assert.equal(findInstallation(folders), undefined)
  await writeFile(join(root, "bin", "mariadbd"), "")
  assert.equal(findInstallation(folders), undefined)
  await writeFile(join(share, "mysql_system_tables.sql"), "")
  assert.deepEqual(findInstallation(folders), {
    program: join(root, "bin", "mariadbd"),
    systemTables: join(share, "mysql_system_tables.sql"),
  })
})
