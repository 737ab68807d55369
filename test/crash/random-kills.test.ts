import { describeRandomKills } from "./random-kills.ts"
import { dynamoDbSource, mariaDbSource, mysqlSource, postgresSource } from "./scenes/pairs.ts"
import { duckDbWarehouse } from "./scenes/warehouses.ts"

// A few of each: write-points kills at each point, and the long suite goes on killing by the hundred.
describeRandomKills([
  { source: postgresSource, into: duckDbWarehouse, kills: 6 },
  { source: mariaDbSource, into: duckDbWarehouse, kills: 3 },
  { source: mysqlSource, into: duckDbWarehouse, kills: 3 },
  { source: dynamoDbSource, into: duckDbWarehouse, kills: 3 },
])
