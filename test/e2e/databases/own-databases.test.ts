/** Databases that people make on the SQL port, and write. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { newPlace } from "../place.ts"
import { refusal } from "../waiting-integration.ts"
import { ask, connectSql } from "../warehouse.ts"

test("CREATE DATABASE makes a database that people write, through a restart, until DROP DATABASE", async (context) => {
  const place = await newPlace(context, { sources: [] })
  const first = await place.start()
  const admin = await connectSql(place, "dev")
  await admin.query("CREATE DATABASE marts")
  for (const taken of ["marts", '"Marts"', "dev"])
    assert.match((await refusal(admin.query(`CREATE DATABASE ${taken}`))).message, /already exists|reserved/)
  assert.equal((await refusal(admin.query("CREATE DATABASE x OWNER somebody"))).code, "0A000")
  assert.equal((await refusal(admin.query("BEGIN; CREATE DATABASE x"))).code, "25001")
  await admin.query("ROLLBACK")
  await admin.query("CREATE USER clerk PASSWORD 'Clerk12345'")
  await admin.query("GRANT CREATE, USAGE ON DATABASE marts TO clerk")
  const marts = await connectSql(place, "marts")
  await marts.query("CREATE TABLE t AS SELECT 1 AS a")
  await marts.query("INSERT INTO t VALUES (2)")
  await Promise.all([admin.end(), marts.end()])
  await first.terminate()

  await place.start()
  assert.deepEqual(await ask(place, "dev", "SELECT sum(a) FROM marts.main.t"), [["3"]])
  const again = await connectSql(place, "marts")
  await again.query("INSERT INTO t VALUES (4)")
  await again.query("DROP TABLE t")
  await again.end()
  const last = await connectSql(place, "dev")
  await last.query("DROP DATABASE marts")
  assert.equal((await refusal(connectSql(place, "marts"))).code, "3D000")
  await last.query("CREATE DATABASE marts")
  await last.query("DROP DATABASE marts")
  await last.end()
})
