/**
 * A pipeline moves one source database into one destination database on behalf of an integration
 * (a PostgreSQL integration whose filter names two databases has two).
 */
export interface PipelineRecord {
  integrationId: string
  sourceDatabase: string
  destinationDatabase: string
  /** What the source calls our reading place (a replication slot and a publication, say): recorded before it is made, so it is never leaked. */
  sourceHandle: string
}
