import { describeRandomKills } from "./random-kills.ts"
import { dynamoDbSource, mariaDbSource, mysqlSource, postgresSource } from "./scenes/pairs.ts"
import { duckDbWarehouse } from "./scenes/warehouses.ts"

describeRandomKills([
  { source: postgresSource, into: duckDbWarehouse, kills: 500 },
  { source: mariaDbSource, into: duckDbWarehouse, kills: 200 },
  { source: mysqlSource, into: duckDbWarehouse, kills: 200 },
  { source: dynamoDbSource, into: duckDbWarehouse, kills: 200 },
])
