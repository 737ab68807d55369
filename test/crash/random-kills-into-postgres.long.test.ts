import { describeRandomKills } from "./random-kills.ts"
import { dynamoDbSource, mariaDbSource, postgresSource } from "./scenes/pairs.ts"
import { postgresWarehouse } from "./scenes/warehouses.ts"

describeRandomKills([
  { source: postgresSource, into: postgresWarehouse, kills: 40 },
  { source: mariaDbSource, into: postgresWarehouse, kills: 40 },
  { source: dynamoDbSource, into: postgresWarehouse, kills: 40 },
])
