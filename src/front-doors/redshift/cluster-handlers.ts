import { type DescribedCluster, describeClusters } from "../../control-plane/clusters.ts"
import type { ControlPlane } from "../../control-plane/control-plane.ts"
import type { OutputOf } from "../../wire/aws-query/operation.ts"
import { pageOf, pagingOf } from "../paging.ts"
import type { QueryHandlers } from "../query-door.ts"
import type { RedshiftOperations } from "./operations.ts"
import { fitsTags, toTags } from "./wire-tags.ts"

const paging = pagingOf("redshift/DescribeClusters")

type ClusterOperations = Pick<RedshiftOperations, "DescribeClusters">

export function clusterHandlers(plane: ControlPlane): QueryHandlers<ClusterOperations> {
  return {
    DescribeClusters: async (input, caller) => {
      const found = await describeClusters(plane, caller, input.ClusterIdentifier)
      const wanted = found.filter(({ tags }) => fitsTags(tags, input))
      const { items, marker } = pageOf(paging, wanted, ({ warehouse }) => warehouse.cluster, input)
      return { Clusters: items.map((one) => toWire(plane, one)), Marker: marker }
    },
  }
}

function toWire(
  plane: ControlPlane,
  { warehouse, tags }: DescribedCluster,
): OutputOf<ClusterOperations["DescribeClusters"]>["Clusters"][number] {
  const endpoint = plane.sqlEndpoint()
  return {
    ClusterIdentifier: warehouse.cluster,
    ClusterStatus: "available",
    ClusterAvailabilityStatus: "Available",
    // The database that is there from the start.
    DBName: "dev",
    Endpoint: endpoint && { Address: endpoint.host, Port: endpoint.port },
    NumberOfNodes: 1,
    // Nothing is ever restored here; who waits for the end of a restore need not wait.
    RestoreStatus: { Status: "completed" },
    Tags: toTags(tags),
    ClusterNamespaceArn: warehouse.arn,
  }
}
