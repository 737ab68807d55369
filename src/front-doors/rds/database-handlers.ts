import type { ControlPlane } from "../../control-plane/control-plane.ts"
import { type DescribedDatabase, describeDatabases } from "../../control-plane/databases/databases.ts"
import { Fault } from "../../domain/faults.ts"
import type { OutputOf } from "../../wire/aws-query/operation.ts"
import { pageOf, pagingOf } from "../paging.ts"
import type { QueryHandlers } from "../query-door.ts"
import type { RdsOperations } from "./operations.ts"

type DatabaseOperations = Pick<RdsOperations, "DescribeDBInstances" | "DescribeDBClusters">
type Instance = OutputOf<RdsOperations["DescribeDBInstances"]>["DBInstances"][number]
type Cluster = OutputOf<RdsOperations["DescribeDBClusters"]>["DBClusters"][number]
type Filters = { Name: string; Values: string[] }[] | undefined

const instancePaging = pagingOf("rds/DescribeDBInstances")
const clusterPaging = pagingOf("rds/DescribeDBClusters")

/** What a filter of each name compares with; undefined: something that no source here has. */
const instanceFilters: FilterNames = {
  "db-instance-id": ({ name, arn }) => [name, arn],
  "db-cluster-id": () => [],
  "dbi-resource-id": () => [],
  domain: () => [],
  engine: ({ instanceEngine }) => [instanceEngine],
}

const clusterFilters: FilterNames = {
  "clone-group-id": () => [],
  "db-cluster-id": ({ name, arn }) => [name, arn],
  "db-cluster-resource-id": () => [],
  domain: () => [],
  engine: ({ clusterEngine }) => [clusterEngine],
}

type FilterNames = Record<string, (database: DescribedDatabase) => string[]>

export function databaseHandlers(plane: ControlPlane): QueryHandlers<DatabaseOperations> {
  return {
    DescribeDBInstances: async (input, caller) => {
      const found = await describeDatabases(plane, caller, "db", input.DBInstanceIdentifier)
      const wanted = filtered(found, instanceFilters, input.Filters)
      const { items, marker } = pageOf(instancePaging, wanted, ({ name }) => name, input)
      return { DBInstances: items.map(toInstance), Marker: marker }
    },
    DescribeDBClusters: async (input, caller) => {
      const found = await describeDatabases(plane, caller, "cluster", input.DBClusterIdentifier)
      const wanted = filtered(found, clusterFilters, input.Filters)
      const { items, marker } = pageOf(clusterPaging, wanted, ({ name }) => name, input)
      return { DBClusters: items.map(toCluster), Marker: marker }
    },
  }
}

/** All filters together, any value of each. @throws Fault invalidValue for a name that the operation does not have. */
function filtered(
  databases: DescribedDatabase[],
  names: FilterNames,
  filters: Filters = [],
): DescribedDatabase[] {
  return filters.reduce((left, { Name, Values }) => {
    const valuesOf = Object.hasOwn(names, Name) ? names[Name] : undefined
    if (valuesOf === undefined) {
      const known = Object.keys(names).join(", ")
      throw new Fault("invalidValue", `Unrecognized filter name: ${Name.slice(0, 64)}. There are: ${known}.`)
    }
    return left.filter((database) => valuesOf(database).some((value) => Values.includes(value)))
  }, databases)
}

function toInstance(database: DescribedDatabase): Instance {
  return {
    DBInstanceIdentifier: database.name,
    Engine: database.instanceEngine,
    DBInstanceStatus: "available",
    DBName: database.database,
    Endpoint: { Address: database.host, Port: database.port },
    DBInstanceArn: database.arn,
    TagList: toTags(database),
  }
}

function toCluster(database: DescribedDatabase): Cluster {
  return {
    DatabaseName: database.database,
    DBClusterIdentifier: database.name,
    Status: "available",
    Endpoint: database.host,
    Engine: database.clusterEngine,
    Port: database.port,
    DBClusterArn: database.arn,
    TagList: toTags(database),
  }
}

function toTags({ tags }: DescribedDatabase) {
  return tags.map(({ key, value }) => ({ Key: key, Value: value }))
}
