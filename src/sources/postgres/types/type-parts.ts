import type pg from "pg"

/**
 * What values of a type are printed with, of what the database's own types are made of: labels of enums and attributes of
 * composite types, by where they stand in the catalog. Either may change under the rows of a table, which are not written
 * anew for it.
 */
export type TypeParts = Readonly<Record<string, string>>

/** Types below come with the server and never change. */
export const firstOwnOid = 16_384

// Down to what domains rest on, elements of arrays, attributes, and what ranges (and, by their ranges, multiranges) range over.
const partsQuery = `
with recursive made_of(type, part) as (
  select t, t from unnest($1::oid[]) t
  union
  select m.type, n.oid from made_of m join pg_type y on y.oid = m.part cross join lateral (
    select y.typbasetype where y.typtype = 'd'
    union all select y.typelem where y.typcategory = 'A'
    union all select x.atttypid from pg_attribute x where y.typtype = 'c' and x.attrelid = y.typrelid and x.attnum > 0 and not x.attisdropped
    union all select r.rngsubtype from pg_range r where r.rngtypid = y.oid
    union all select r.rngtypid from pg_range r where (to_jsonb(r) ->> 'rngmultitypid')::oid = y.oid and y.typtype = 'm'
  ) n(oid) where n.oid >= ${firstOwnOid}
)
select m.type::oid::bigint::text as type, 'label ' || e.oid as place, e.enumlabel::text as text from made_of m join pg_enum e on e.enumtypid = m.part
union all
select m.type::oid::bigint::text, 'attributes ' || y.oid, coalesce((select string_agg(x.atttypid || '/' || x.atttypmod, ',' order by x.attnum)
    from pg_attribute x where x.attrelid = y.typrelid and x.attnum > 0 and not x.attisdropped), '')
  from made_of m join pg_type y on y.oid = m.part where y.typtype = 'c'
order by 1, 2`

/** By the type's oid; types that consist of nothing that may change are left out. */
export async function readTypeParts(
  client: pg.Client,
  types: Iterable<number>,
): Promise<Map<number, TypeParts>> {
  const own = [...new Set(types)].filter((oid) => oid >= firstOwnOid)
  const found = new Map<number, Record<string, string>>()
  if (own.length === 0) return found
  const { rows } = await client.query<{ type: string; place: string; text: string }>(partsQuery, [own])
  for (const { type, place, text } of rows) {
    const parts = found.get(Number(type)) ?? {}
    found.set(Number(type), Object.assign(parts, { [place]: text }))
  }
  return found
}

/** Whether every value that could be before is printed as it was: a label more does no harm, another name for one does. */
export function printAsBefore(before: TypeParts = {}, now: TypeParts = {}): boolean {
  return Object.entries(before).every(([place, text]) => now[place] === text)
}
