/**
 * SQL: whether PostgreSQL accepts UPDATE and DELETE of a published table, by its row of pg_class under this alias. The
 * server's own rule (RelationGetReplicaIndex and CheckCmdReplicaIdentity), also for an index that is being dropped
 * concurrently or was made on the root only, which are not valid. With a virtual generated column (PostgreSQL 18) a whole
 * row does not identify itself: the server does not send that column.
 */
export function identifiesRows(table: string): string {
  return `(${table}.relreplident = 'f' and not exists (select from pg_attribute computed where computed.attrelid = ${table}.oid
    and computed.attgenerated = 'v' and not computed.attisdropped) or exists (select from pg_index identity where identity.indrelid = ${table}.oid
    and identity.indisvalid and identity.indisunique and identity.indimmediate and identity.indpred is null
    and case ${table}.relreplident when 'd' then identity.indisprimary when 'i' then identity.indisreplident else false end))`
}

/**
 * SQL of a common table expression `carrying(handle, root, oid, joined, narrowed)`: what publications publish, with the
 * partitions below, and which transaction made each one a partition (`0`: the published table itself). `narrowed`: somebody
 * has given the entry a row filter or a column list. `names`: SQL of an array of publication names.
 */
export function carryingTables(names: string): string {
  return `carrying(handle, root, oid, joined, narrowed) as (
    select p.pubname::text, r.prrelid, r.prrelid, '0', to_jsonb(r) ->> 'prqual' is not null or to_jsonb(r) ->> 'prattrs' is not null
    from pg_publication p join pg_publication_rel r on r.prpubid = p.oid
    where p.pubname = any(${names}) and (p.pubupdate or p.pubdelete)
    union all
    select c.handle, c.root, i.inhrelid, i.xmin::text, false from carrying c join pg_inherits i on i.inhparent = c.oid
    join pg_class parent on parent.oid = c.oid and parent.relkind = 'p'
    where to_jsonb(i) ->> 'inhdetachpending' is distinct from 'true')`
}

/** SQL, over `carrying`: entries because of which UPDATE or DELETE fails; see harmfulEntries. */
export const harmfulAmongCarrying = `
  select distinct c.handle, root.oid::bigint::text as id, n.nspname::text as schema, root.relname::text as name, root.relkind = 'p' as partitioned
  from carrying c join pg_class root on root.oid = c.root join pg_namespace n on n.oid = root.relnamespace
  join pg_class part on part.oid = c.oid
  where (part.relkind = 'r' or part.oid = root.oid and part.relkind = 'p') and (c.narrowed or not ${identifiesRows("part")})`

/**
 * SQL: entries of these publications because of which UPDATE or DELETE fails at the source: the table itself or, below a
 * partitioned one, one of its leaves does not identify its rows. Or may fail: a row filter or column list, which we never
 * make, has to hold what identifies them. Columns: handle, id, schema, name, partitioned.
 */
export function harmfulEntries(names: string): string {
  return `with recursive ${carryingTables(names)} ${harmfulAmongCarrying}`
}

/**
 * SQL, over `carrying`: handle and a print of the partitions that it publishes, which is another one when a partition
 * came, went, went and came again, or got another file (TRUNCATE of the partition does that).
 */
export const partitionPrints = `
  select c.handle, count(*) || ':' || sum(hashtextextended(concat_ws(':', c.root, c.oid, part.relfilenode, c.joined), 0)) as print
  from carrying c join pg_class part on part.oid = c.oid where c.oid <> c.root group by c.handle`
