import type { ControlPlane } from "../../control-plane/control-plane.ts"
import { type DescribedCluster, describeClusters } from "../../control-plane/databases/clusters.ts"
import { isLoopback } from "../../domain/loopback.ts"
import type { OutputOf } from "../../wire/aws-query/operation.ts"
import { pageOf, pagingOf } from "../paging.ts"
import type { QueryHandlers } from "../query-door.ts"
import type { RedshiftOperations } from "./operations.ts"
import { fitsTags, toTags } from "./wire-tags.ts"

const paging = pagingOf("redshift/DescribeClusters")

type ClusterOperations = Pick<RedshiftOperations, "DescribeClusters" | "DescribeLoggingStatus">

export function clusterHandlers(plane: ControlPlane): QueryHandlers<ClusterOperations> {
  return {
    DescribeClusters: async (input, caller) => {
      const found = await describeClusters(plane, caller, input.ClusterIdentifier)
      const wanted = found.filter(({ tags }) => fitsTags(tags, input))
      const { items, marker } = pageOf(paging, wanted, ({ warehouse }) => warehouse.cluster, input)
      return { Clusters: items.map((one) => toWire(plane, one)), Marker: marker }
    },
    // Terraform's data source aws_redshift_cluster asks this of every cluster and fails without an answer.
    DescribeLoggingStatus: async (input, caller) => {
      await describeClusters(plane, caller, input.ClusterIdentifier)
      return { LoggingEnabled: false }
    },
  }
}

function toWire(
  plane: ControlPlane,
  { warehouse, tags }: DescribedCluster,
): OutputOf<ClusterOperations["DescribeClusters"]>["Clusters"][number] {
  const endpoint = plane.sqlEndpoint(warehouse)
  return {
    ClusterIdentifier: warehouse.cluster,
    ClusterStatus: "available",
    ClusterAvailabilityStatus: "Available",
    DBName: endpoint?.database ?? "dev",
    Endpoint: endpoint && { Address: endpoint.host, Port: endpoint.port },
    ClusterVersion: "1.0",
    AllowVersionUpgrade: false,
    NumberOfNodes: 1,
    PubliclyAccessible: endpoint !== undefined && !isLoopback(endpoint.host),
    // By the cluster: what integrations stage may be, under keys of their own.
    Encrypted: false,
    EnhancedVpcRouting: false,
    // Terraform's data source aws_redshift_cluster takes only `enabled` and `disabled` for these two, and fails without.
    AvailabilityZoneRelocationStatus: "disabled",
    MultiAZ: "Disabled",
    // Nothing is ever restored here; who waits for the end of a restore need not wait.
    RestoreStatus: { Status: "completed" },
    Tags: toTags(tags),
    ClusterNamespaceArn: warehouse.arn,
  }
}
