import type { Migration } from "../migrate.ts"

/**
 * A destination may wait for its database (CREATE DATABASE … FROM INTEGRATION): it has no name until then. What was
 * made before had its database from the start.
 */
export const databases: Migration = {
  number: 4,
  name: "databases",
  statements: [
    `alter table millrace.destinations
      alter column destination_database drop not null,
      add column options jsonb not null default '{}',
      add column owner text,
      add column connected_at timestamptz(3)`,
    `update millrace.destinations set connected_at = integrations.created_at
      from millrace.integrations where integrations.id = destinations.integration_id`,
    `alter table millrace.destinations add constraint destinations_connected
      check ((destination_database is null) = (connected_at is null))`,
  ],
}
