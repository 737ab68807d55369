import assert from "node:assert/strict"
import { test } from "node:test"
import { mysqlProducts, mysqlServer } from "../../support/mysql/fixtures.ts"
import { newPlace, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { ask } from "../warehouse.ts"

for (const product of mysqlProducts)
  test(`${product.name} through every door: check, the RDS API, SQL, wait, status, verify; killed and gone on`, {
    skip: product.missing() ?? false,
  }, async (context) => {
    const server = await mysqlServer(product)
    await server.sql(
      "CREATE USER mover@'%' IDENTIFIED BY 'pw-mover-MARKER'",
      "GRANT SELECT ON *.* TO mover@'%'",
      "CREATE DATABASE shop",
      "CREATE DATABASE crm",
      "CREATE TABLE shop.orders (id int PRIMARY KEY, note varchar(50))",
      "CREATE TABLE shop.secret (id int PRIMARY KEY)",
      "CREATE TABLE crm.customers (id int PRIMARY KEY, name varchar(50))",
      "INSERT INTO shop.orders VALUES (1, 'first')",
      "INSERT INTO crm.customers VALUES (1, 'Ada')",
    )
    const url = server.url.replace("root@", "mover:pw-mover-MARKER@")
    const place = await newPlace(context, { sources: [{ arn: sourceArn, url, engine: "mysql" }] })
    const unfit = await place.run("check")
    assert.equal(unfit.code, 1)
    assert.match(unfit.output, /GRANT REPLICATION SLAVE ON \*\.\* TO 'mover'@'%';/)
    for (const [, statement] of unfit.output.matchAll(
      /(GRANT REPLICATION SLAVE|GRANT BINLOG MONITOR|GRANT REPLICATION CLIENT|GRANT RELOAD)[^;\n]*/g,
    ))
      await server.sql(`${statement} ON *.* TO mover@'%'`)
    assert.match((await place.run("check")).output, /source .*: ok/)

    const running = await place.start()
    const api = apiOf(place)
    await assert.rejects(api.create("web", "include: shop.public.orders"), /two parts/)
    await api.create("web", "include: *.*, exclude: shop.secret")
    await api.becomes("web", "active")
    await server.sql(
      "INSERT INTO shop.orders VALUES (2, 'second')",
      "UPDATE crm.customers SET name = 'Ada L.'",
    )
    assert.equal((await place.run("wait", "--integration", "web", "--now")).code, 0)
    const joined = "SELECT o.note, c.name FROM shop.orders o JOIN crm.customers c ON true ORDER BY 1"
    assert.deepEqual(await ask(place, "web", joined), [
      ["first", "Ada L."],
      ["second", "Ada L."],
    ])
    await assert.rejects(ask(place, "web", "SELECT * FROM shop.secret"), { code: "42P01" })

    await running.kill9()
    await server.sql("INSERT INTO shop.orders VALUES (3, 'third')")
    await place.start()
    await api.becomes("web", "active")
    assert.equal((await place.run("wait", "--integration", "web", "--now")).code, 0)
    assert.deepEqual(await ask(place, "web", "SELECT count(*) FROM shop.orders"), [["3"]])
    assert.match((await place.run("status")).output, /shop\.orders +Synced +3 rows/)
    const verified = await place.run("verify", "--integration", "web")
    assert.equal(verified.code, 0, verified.output)

    await api.filter("web", "include: shop.*, exclude: shop.orders")
    assert.deepEqual(await api.becomes("web", "active"), [])
    assert.deepEqual(await ask(place, "web", "SELECT count(*) FROM shop.secret"), [["0"]])
    await assert.rejects(ask(place, "web", "SELECT * FROM shop.orders"), { code: "42P01" })
    await assert.rejects(ask(place, "web", "SELECT * FROM crm.customers"), { code: "42P01" })
    await server.sql("INSERT INTO shop.secret VALUES (1)")
    assert.equal((await place.run("wait", "--integration", "web", "--now")).code, 0)
    assert.deepEqual(await ask(place, "web", "SELECT count(*) FROM shop.secret"), [["1"]])
    await api.delete("web")
    await api.gone("web")
  })
