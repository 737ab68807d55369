-- a session begins
SET enable_case_sensitive_identifier TO true;
SET timezone TO 'UTC';
SET datestyle TO 'ISO';
SET statement_timeout TO 0;
SET extra_float_digits TO 2;
SET query_group TO 'millrace';

-- a database is opened for the first time
SELECT table_name FROM svv_tables WHERE table_schema = 'millrace' AND table_name = 'positions';
CREATE SCHEMA IF NOT EXISTS "millrace";
CREATE TABLE IF NOT EXISTS "millrace"."tables" (pipeline VARCHAR(65535) NOT NULL, table_id VARCHAR(65535) NOT NULL, schema_name VARCHAR(65535) NOT NULL, table_name VARCHAR(65535) NOT NULL, definition VARCHAR(65535) NOT NULL, stale BOOLEAN NOT NULL);
CREATE TABLE IF NOT EXISTS "millrace"."text_columns" (pipeline VARCHAR(65535) NOT NULL, table_id VARCHAR(65535) NOT NULL, columns VARCHAR(65535) NOT NULL);
CREATE TABLE IF NOT EXISTS "millrace"."versions" (pipeline VARCHAR(65535) NOT NULL, table_id VARCHAR(65535) NOT NULL, dropped BOOLEAN NOT NULL, definition VARCHAR(65535) NOT NULL);
CREATE TABLE IF NOT EXISTS "millrace"."positions" (pipeline VARCHAR(65535) NOT NULL, position VARCHAR(65535) NOT NULL, recorded_at TIMESTAMPTZ NOT NULL, generation BIGINT NOT NULL);

-- a database is opened for an owner
INSERT INTO "millrace"."positions" SELECT 'orders', '', GETDATE(), 0 WHERE NOT EXISTS (SELECT 1 FROM "millrace"."positions" WHERE pipeline = 'orders');
UPDATE "millrace"."positions" SET generation = 3 WHERE pipeline = 'orders' AND (SELECT MAX(generation) FROM "millrace"."positions" WHERE pipeline = 'orders') <= 3;

-- a transaction begins, the position moves from one that is known
BEGIN;
UPDATE "millrace"."positions" SET generation = 3, position = '42', recorded_at = GETDATE() WHERE pipeline = 'orders' AND (SELECT MAX(generation) FROM "millrace"."positions" WHERE pipeline = 'orders') <= 3 AND position = '41';

-- a transaction begins, the position is not known, is begun, or is forgotten
BEGIN;
UPDATE "millrace"."positions" SET generation = 3, position = CASE WHEN position = '' THEN position ELSE '42' END, recorded_at = GETDATE() WHERE pipeline = 'orders' AND (SELECT MAX(generation) FROM "millrace"."positions" WHERE pipeline = 'orders') <= 3;
BEGIN;
UPDATE "millrace"."positions" SET generation = 3, position = '42', recorded_at = GETDATE() WHERE pipeline = 'orders' AND (SELECT MAX(generation) FROM "millrace"."positions" WHERE pipeline = 'orders') <= 3;
BEGIN;
UPDATE "millrace"."positions" SET generation = 3, position = '', recorded_at = GETDATE() WHERE pipeline = 'orders' AND (SELECT MAX(generation) FROM "millrace"."positions" WHERE pipeline = 'orders') <= 3;

-- the catalog or the bookkeeping is asked
SELECT table_schema, table_name FROM svv_tables WHERE table_schema IN ('public');
SELECT table_schema, table_name FROM svv_tables WHERE LEFT(table_name, 27) = 'millrace_copy_1c168adb00d2_' AND LEFT(table_schema, 0) = '';
SELECT 1 FROM "millrace"."positions" WHERE pipeline = 'orders';
SELECT position FROM "millrace"."positions" WHERE pipeline = 'orders' ORDER BY generation DESC;
SELECT table_id, columns FROM "millrace"."text_columns" WHERE pipeline = 'orders';
SELECT v.pipeline, v.dropped, CASE WHEN v.dropped THEN v.definition ELSE t.definition END FROM "millrace"."versions" AS v LEFT JOIN "millrace"."tables" AS t ON t.pipeline = v.pipeline AND t.table_id = v.table_id WHERE t.definition IS NOT NULL OR v.dropped;
SELECT pipeline, stale, definition FROM "millrace"."tables";

-- a destination database is made, and taken away
SELECT 1 FROM pg_database WHERE datname = 'shop';
CREATE DATABASE "shop";
SELECT 1 FROM pg_database WHERE datname = 'shop';
DROP DATABASE "shop";

-- a copy of a table is begun
CREATE SCHEMA IF NOT EXISTS "public";
DROP TABLE IF EXISTS "public"."millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491";
CREATE TABLE "public"."millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER) DISTSTYLE AUTO SORTKEY AUTO;
CREATE TABLE "public"."millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER) DISTSTYLE KEY DISTKEY ("id") COMPOUND SORTKEY ("id", "name");
CREATE TABLE "public"."millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER) DISTSTYLE ALL COMPOUND SORTKEY ("id");
CREATE TABLE "public"."millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER) DISTSTYLE EVEN SORTKEY AUTO;
CREATE TABLE "public"."millrace_copy_1c168adb00d2_0a1b2c3d_c9f7795c9561639825a6b94e3f86a400" ("boolean 0" BOOLEAN, "int16 1" SMALLINT, "int32 2" INTEGER, "int64 3" BIGINT, "float32 4" REAL, "float64 5" DOUBLE PRECISION, "decimal 6" DECIMAL(12, 2), "decimal 7" VARCHAR(64), "date 8" DATE, "timestamp 9" TIMESTAMP, "timestamptz 10" TIMESTAMPTZ, "uuid 11" VARCHAR(36), "text 12" VARCHAR(65535), "json 13" SUPER, "bytes 14" VARBYTE(16777216)) DISTSTYLE AUTO SORTKEY AUTO;
CREATE TABLE "public"."millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER, _record_is_active BOOLEAN DEFAULT true, _record_create_time TIMESTAMP DEFAULT '2026-01-02 03:04:05.678'::TIMESTAMP, _record_delete_time TIMESTAMP) DISTSTYLE AUTO SORTKEY AUTO;

-- staged rows are loaded
COPY "public"."millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491" ("id", "name", "notes") FROM 's3://staging/shop/orders/1/a.manifest' IAM_ROLE 'arn:aws:iam::123456789012:role/load' REGION 'eu-central-1' MANIFEST FORMAT AS CSV GZIP NULL AS 'null-0123456789abcdef01234567' DATEFORMAT 'auto' TIMEFORMAT 'auto' COMPUPDATE OFF STATUPDATE OFF;
COPY "public"."millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491" ("id", "name", "notes") FROM 's3://staging/shop/orders/1/a.manifest' ACCESS_KEY_ID 'AKID' SECRET_ACCESS_KEY 'secret' SESSION_TOKEN 'token' REGION 'eu-central-1' MANIFEST FORMAT AS CSV GZIP NULL AS 'null-0123456789abcdef01234567' DATEFORMAT 'auto' TIMEFORMAT 'auto' COMPUPDATE OFF STATUPDATE OFF;

-- a load was refused
SELECT TRIM(file_name), TRIM(column_name), error_code, TRIM(error_message) FROM sys_load_error_detail WHERE LEFT(file_name, 27) = 's3://staging/shop/orders/1/' ORDER BY start_time DESC LIMIT 100;

-- grants go on with a table that is made anew
SELECT namespace_name, relation_name, privilege_type, identity_type, identity_name, admin_option FROM svv_relation_privileges WHERE LOWER(namespace_name) IN ('public') AND LOWER(relation_name) IN ('customers') AND identity_name <> current_user ORDER BY namespace_name, relation_name, identity_type, identity_name, privilege_type;
GRANT SELECT ON TABLE "public"."customers" TO "ana";
GRANT SELECT ON TABLE "public"."customers" TO "bob" WITH GRANT OPTION;
GRANT INSERT ON TABLE "public"."customers" TO ROLE "loaders";
GRANT SELECT ON TABLE "public"."customers" TO GROUP "Sales";
GRANT SELECT ON TABLE "public"."customers" TO PUBLIC;

-- a copy takes the live table's place
DROP TABLE IF EXISTS "public"."customers";
ALTER TABLE "public"."millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491" RENAME TO "customers";
DELETE FROM "millrace"."tables" WHERE pipeline = 'orders' AND table_id = 'id of customers' OR (schema_name = 'public' AND table_name = 'customers');
INSERT INTO "millrace"."tables" VALUES ('orders', 'id of customers', 'public', 'customers', '{"id":"id of customers","schema":"public","name":"customers","columns":[{"name":"id","type":{"kind":"int32"},"sourceType":"int32"},{"name":"name","type":{"kind":"text"},"sourceType":"text"},{"name":"notes","type":{"kind":"json"},"sourceType":"json"}],"key":[0]}', false);
DELETE FROM "millrace"."positions" WHERE pipeline <> 'orders';
DELETE FROM "millrace"."text_columns" WHERE pipeline <> 'orders';

-- a table with a key changes: only inserts; the last change of each key; columns unsent; keys that move; truncated
CREATE TEMP TABLE "millrace_stage_1" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER, "__millrace_seq" INTEGER, "__millrace_delete" BOOLEAN, "__millrace_unchanged" VARCHAR(65535));
CREATE TEMP TABLE "millrace_stage_2" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER, "__millrace_seq" INTEGER, "__millrace_delete" BOOLEAN, "__millrace_unchanged" VARCHAR(65535));
CREATE TEMP TABLE "millrace_stage_3" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER, "__millrace_seq" INTEGER, "__millrace_delete" BOOLEAN, "__millrace_unchanged" VARCHAR(65535));
CREATE TEMP TABLE "millrace_stage_4" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER, "__millrace_seq" INTEGER, "__millrace_delete" BOOLEAN, "__millrace_unchanged" VARCHAR(65535));
CREATE TEMP TABLE "millrace_stage_5" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER, "__millrace_seq" INTEGER, "__millrace_delete" BOOLEAN, "__millrace_unchanged" VARCHAR(65535));
INSERT INTO "public"."customers" ("id", "name", "notes") SELECT "id", "name", "notes" FROM "millrace_stage_1" AS s;
CREATE TEMP TABLE "millrace_final" AS SELECT s."id", s."name", s."notes", s.__millrace_delete FROM "millrace_stage_2" AS s JOIN (SELECT MAX(__millrace_seq) AS last FROM "millrace_stage_2" AS r GROUP BY "id") AS l ON s.__millrace_seq = l.last;
DELETE FROM "public"."customers" USING "millrace_final" WHERE "customers"."id" = "millrace_final"."id";
INSERT INTO "public"."customers" ("id", "name", "notes") SELECT "id", "name", "notes" FROM "millrace_final" WHERE NOT __millrace_delete;
DROP TABLE "millrace_final";
CREATE TEMP TABLE "millrace_final" AS SELECT c."id", CASE WHEN l.source1 IS NULL THEN t."name" ELSE s1."name" END AS "name", CASE WHEN l.source2 IS NULL THEN t."notes" ELSE s2."notes" END AS "notes", c.__millrace_delete FROM (SELECT MAX(__millrace_seq) AS last, MAX(CASE WHEN NOT __millrace_delete AND (__millrace_unchanged IS NULL OR SUBSTRING(__millrace_unchanged, 2, 1) = '0') THEN __millrace_seq END) AS source1, MAX(CASE WHEN NOT __millrace_delete AND (__millrace_unchanged IS NULL OR SUBSTRING(__millrace_unchanged, 3, 1) = '0') THEN __millrace_seq END) AS source2 FROM "millrace_stage_3" AS r GROUP BY "id") AS l JOIN "millrace_stage_3" AS c ON c.__millrace_seq = l.last LEFT JOIN "millrace_stage_3" AS s1 ON s1.__millrace_seq = l.source1 LEFT JOIN "millrace_stage_3" AS s2 ON s2.__millrace_seq = l.source2 LEFT JOIN "public"."customers" AS t ON t."id" = c."id" WHERE c.__millrace_delete OR (l.source1 IS NOT NULL AND l.source2 IS NOT NULL) OR t."id" IS NOT NULL;
DELETE FROM "public"."customers" USING "millrace_final" WHERE "customers"."id" = "millrace_final"."id";
INSERT INTO "public"."customers" ("id", "name", "notes") SELECT "id", "name", "notes" FROM "millrace_final" WHERE NOT __millrace_delete;
DROP TABLE "millrace_final";
CREATE TEMP TABLE "millrace_final" AS SELECT n."id", n."name", CASE WHEN (n.__millrace_unchanged IS NULL OR SUBSTRING(n.__millrace_unchanged, 3, 1) = '0') THEN n."notes" ELSE t."notes" END AS "notes", o."id" AS __millrace_left0 FROM "millrace_stage_4" AS n JOIN "millrace_stage_4" AS o ON o.__millrace_seq = n.__millrace_seq - 1 JOIN "public"."customers" AS t ON t."id" = o."id" WHERE NOT n.__millrace_delete;
DELETE FROM "public"."customers" USING "millrace_final" WHERE "customers"."id" = "millrace_final"."__millrace_left0";
INSERT INTO "public"."customers" ("id", "name", "notes") SELECT "id", "name", "notes" FROM "millrace_final";
DROP TABLE "millrace_final";
DELETE FROM "public"."customers";
CREATE TEMP TABLE "millrace_final" AS SELECT s."id", s."name", s."notes", s.__millrace_delete FROM (SELECT * FROM "millrace_stage_5" WHERE __millrace_seq BETWEEN 0 AND 9) AS s JOIN (SELECT MAX(__millrace_seq) AS last FROM (SELECT * FROM "millrace_stage_5" WHERE __millrace_seq BETWEEN 0 AND 9) AS r GROUP BY "id") AS l ON s.__millrace_seq = l.last;
DELETE FROM "public"."customers" USING "millrace_final" WHERE "customers"."id" = "millrace_final"."id";
INSERT INTO "public"."customers" ("id", "name", "notes") SELECT "id", "name", "notes" FROM "millrace_final" WHERE NOT __millrace_delete;
DROP TABLE "millrace_final";
DROP TABLE "millrace_stage_1";
DROP TABLE "millrace_stage_2";
DROP TABLE "millrace_stage_3";
DROP TABLE "millrace_stage_4";
DROP TABLE "millrace_stage_5";

-- a table without a key, of every type, changes
CREATE TEMP TABLE "millrace_stage_1" ("boolean 0" BOOLEAN, "int16 1" SMALLINT, "int32 2" INTEGER, "int64 3" BIGINT, "float32 4" REAL, "float64 5" DOUBLE PRECISION, "decimal 6" DECIMAL(12, 2), "decimal 7" VARCHAR(64), "date 8" DATE, "timestamp 9" TIMESTAMP, "timestamptz 10" TIMESTAMPTZ, "uuid 11" VARCHAR(36), "text 12" VARCHAR(65535), "json 13" SUPER, "bytes 14" VARBYTE(16777216), "__millrace_seq" INTEGER, "__millrace_delete" BOOLEAN, "__millrace_unchanged" VARCHAR(65535));
CREATE TEMP TABLE "millrace_net" AS SELECT (COALESCE(MD5(CASE WHEN s."boolean 0" THEN 't' WHEN NOT s."boolean 0" THEN 'f' END), '~') || COALESCE(MD5(CAST(s."int16 1" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."int32 2" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."int64 3" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."float32 4" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."float64 5" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."decimal 6" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."decimal 7" AS VARCHAR(64))), '~')) || (COALESCE(MD5(CAST(s."date 8" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."timestamp 9" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."timestamptz 10" AS VARCHAR(64))), '~') || COALESCE(MD5(s."uuid 11"), '~') || COALESCE(MD5(s."text 12"), '~') || COALESCE(MD5(JSON_SERIALIZE(s."json 13")), '~') || COALESCE(MD5(FROM_VARBYTE(s."bytes 14", 'hex')), '~')) AS __millrace_content, SUM(CASE WHEN s.__millrace_delete THEN 1 ELSE 0 END) AS __millrace_gone FROM "millrace_stage_1" AS s GROUP BY 1;
CREATE TEMP TABLE "millrace_final" AS SELECT n."boolean 0", n."int16 1", n."int32 2", n."int64 3", n."float32 4", n."float64 5", n."decimal 6", n."decimal 7", n."date 8", n."timestamp 9", n."timestamptz 10", n."uuid 11", n."text 12", n."json 13", n."bytes 14" FROM (SELECT u."boolean 0", u."int16 1", u."int32 2", u."int64 3", u."float32 4", u."float64 5", u."decimal 6", u."decimal 7", u."date 8", u."timestamp 9", u."timestamptz 10", u."uuid 11", u."text 12", u."json 13", u."bytes 14", u.__millrace_content, ROW_NUMBER() OVER (PARTITION BY u.__millrace_content ORDER BY u.__millrace_content) AS __millrace_place FROM (SELECT t."boolean 0", t."int16 1", t."int32 2", t."int64 3", t."float32 4", t."float64 5", t."decimal 6", t."decimal 7", t."date 8", t."timestamp 9", t."timestamptz 10", t."uuid 11", t."text 12", t."json 13", t."bytes 14", (COALESCE(MD5(CASE WHEN t."boolean 0" THEN 't' WHEN NOT t."boolean 0" THEN 'f' END), '~') || COALESCE(MD5(CAST(t."int16 1" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."int32 2" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."int64 3" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."float32 4" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."float64 5" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."decimal 6" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."decimal 7" AS VARCHAR(64))), '~')) || (COALESCE(MD5(CAST(t."date 8" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."timestamp 9" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."timestamptz 10" AS VARCHAR(64))), '~') || COALESCE(MD5(t."uuid 11"), '~') || COALESCE(MD5(t."text 12"), '~') || COALESCE(MD5(JSON_SERIALIZE(t."json 13")), '~') || COALESCE(MD5(FROM_VARBYTE(t."bytes 14", 'hex')), '~')) AS __millrace_content FROM "public"."Every thing" AS t WHERE (COALESCE(MD5(CASE WHEN t."boolean 0" THEN 't' WHEN NOT t."boolean 0" THEN 'f' END), '~') || COALESCE(MD5(CAST(t."int16 1" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."int32 2" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."int64 3" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."float32 4" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."float64 5" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."decimal 6" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."decimal 7" AS VARCHAR(64))), '~')) || (COALESCE(MD5(CAST(t."date 8" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."timestamp 9" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(t."timestamptz 10" AS VARCHAR(64))), '~') || COALESCE(MD5(t."uuid 11"), '~') || COALESCE(MD5(t."text 12"), '~') || COALESCE(MD5(JSON_SERIALIZE(t."json 13")), '~') || COALESCE(MD5(FROM_VARBYTE(t."bytes 14", 'hex')), '~')) IN (SELECT __millrace_content FROM "millrace_net") UNION ALL SELECT s."boolean 0", s."int16 1", s."int32 2", s."int64 3", s."float32 4", s."float64 5", s."decimal 6", s."decimal 7", s."date 8", s."timestamp 9", s."timestamptz 10", s."uuid 11", s."text 12", s."json 13", s."bytes 14", (COALESCE(MD5(CASE WHEN s."boolean 0" THEN 't' WHEN NOT s."boolean 0" THEN 'f' END), '~') || COALESCE(MD5(CAST(s."int16 1" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."int32 2" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."int64 3" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."float32 4" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."float64 5" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."decimal 6" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."decimal 7" AS VARCHAR(64))), '~')) || (COALESCE(MD5(CAST(s."date 8" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."timestamp 9" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST(s."timestamptz 10" AS VARCHAR(64))), '~') || COALESCE(MD5(s."uuid 11"), '~') || COALESCE(MD5(s."text 12"), '~') || COALESCE(MD5(JSON_SERIALIZE(s."json 13")), '~') || COALESCE(MD5(FROM_VARBYTE(s."bytes 14", 'hex')), '~')) AS __millrace_content FROM "millrace_stage_1" AS s WHERE NOT s.__millrace_delete) AS u) AS n JOIN "millrace_net" AS g ON g.__millrace_content = n.__millrace_content WHERE n.__millrace_place > g.__millrace_gone;
DELETE FROM "public"."Every thing" USING "millrace_net" WHERE (COALESCE(MD5(CASE WHEN "Every thing"."boolean 0" THEN 't' WHEN NOT "Every thing"."boolean 0" THEN 'f' END), '~') || COALESCE(MD5(CAST("Every thing"."int16 1" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."int32 2" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."int64 3" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."float32 4" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."float64 5" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."decimal 6" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."decimal 7" AS VARCHAR(64))), '~')) || (COALESCE(MD5(CAST("Every thing"."date 8" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."timestamp 9" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."timestamptz 10" AS VARCHAR(64))), '~') || COALESCE(MD5("Every thing"."uuid 11"), '~') || COALESCE(MD5("Every thing"."text 12"), '~') || COALESCE(MD5(JSON_SERIALIZE("Every thing"."json 13")), '~') || COALESCE(MD5(FROM_VARBYTE("Every thing"."bytes 14", 'hex')), '~')) = "millrace_net".__millrace_content;
INSERT INTO "public"."Every thing" ("boolean 0", "int16 1", "int32 2", "int64 3", "float32 4", "float64 5", "decimal 6", "decimal 7", "date 8", "timestamp 9", "timestamptz 10", "uuid 11", "text 12", "json 13", "bytes 14") SELECT "boolean 0", "int16 1", "int32 2", "int64 3", "float32 4", "float64 5", "decimal 6", "decimal 7", "date 8", "timestamp 9", "timestamptz 10", "uuid 11", "text 12", "json 13", "bytes 14" FROM "millrace_final";
DROP TABLE "millrace_net";
DROP TABLE "millrace_final";
DROP TABLE "millrace_stage_1";

-- a table that keeps versions changes
CREATE TEMP TABLE "millrace_stage_1" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER, "__millrace_seq" INTEGER, "__millrace_delete" BOOLEAN, "__millrace_unchanged" VARCHAR(65535));
CREATE TEMP TABLE "millrace_stage_2" ("__millrace_last" INTEGER, "__millrace_committed" TIMESTAMP);
CREATE TEMP TABLE "millrace_stage_3" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER, "__millrace_seq" INTEGER, "__millrace_delete" BOOLEAN, "__millrace_unchanged" VARCHAR(65535));
CREATE TEMP TABLE "millrace_stage_4" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER, "__millrace_seq" INTEGER, "__millrace_delete" BOOLEAN, "__millrace_unchanged" VARCHAR(65535));
CREATE TEMP TABLE "millrace_stage_5" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER, "__millrace_seq" INTEGER, "__millrace_delete" BOOLEAN, "__millrace_unchanged" VARCHAR(65535));
INSERT INTO "public"."customers" ("id", "name", "notes", _record_is_active, _record_create_time, _record_delete_time) SELECT c."id", c."name", c."notes", true, c.__millrace_committed, NULL FROM (SELECT r.*, k.__millrace_last, k.__millrace_committed FROM "millrace_stage_1" AS r JOIN (SELECT seq, is_row, MIN(last) OVER (ORDER BY seq DESC, is_row ROWS UNBOUNDED PRECEDING) AS next FROM (SELECT r.__millrace_seq AS seq, 1 AS is_row, CAST(NULL AS INTEGER) AS last FROM "millrace_stage_1" AS r UNION ALL SELECT __millrace_last, 0, __millrace_last FROM "millrace_stage_2") AS m) AS n ON n.is_row = 1 AND n.seq = r.__millrace_seq JOIN "millrace_stage_2" AS k ON k.__millrace_last = n.next) AS c;
CREATE TEMP TABLE "millrace_versions" AS SELECT a.*, a.__millrace_next IS NULL AS __millrace_active, a.__millrace_begun = a.__millrace_transaction AS __millrace_first, GREATEST(a.__millrace_at, a.__millrace_next_at) AS __millrace_closed FROM (SELECT c."id", c.__millrace_seq, c.__millrace_delete, c.__millrace_committed AS __millrace_at, c.__millrace_last AS __millrace_transaction, LEAD(c.__millrace_last) OVER (PARTITION BY c."id" ORDER BY c.__millrace_seq) AS __millrace_next, LEAD(c.__millrace_committed) OVER (PARTITION BY c."id" ORDER BY c.__millrace_seq) AS __millrace_next_at, FIRST_VALUE(c.__millrace_last) OVER (PARTITION BY c."id" ORDER BY c.__millrace_seq ROWS UNBOUNDED PRECEDING) AS __millrace_begun, MAX(CASE WHEN NOT c.__millrace_delete AND (c.__millrace_unchanged IS NULL OR SUBSTRING(c.__millrace_unchanged, 2, 1) = '0') THEN c.__millrace_seq END) OVER (PARTITION BY c."id" ORDER BY c.__millrace_seq ROWS UNBOUNDED PRECEDING) AS __millrace_source1 FROM (SELECT r.*, k.__millrace_last, k.__millrace_committed FROM "millrace_stage_3" AS r JOIN (SELECT seq, is_row, MIN(last) OVER (ORDER BY seq DESC, is_row ROWS UNBOUNDED PRECEDING) AS next FROM (SELECT r.__millrace_seq AS seq, 1 AS is_row, CAST(NULL AS INTEGER) AS last FROM "millrace_stage_3" AS r UNION ALL SELECT __millrace_last, 0, __millrace_last FROM "millrace_stage_2") AS m) AS n ON n.is_row = 1 AND n.seq = r.__millrace_seq JOIN "millrace_stage_2" AS k ON k.__millrace_last = n.next) AS c) AS a WHERE a.__millrace_next IS NULL OR a.__millrace_next <> a.__millrace_transaction;
CREATE TEMP TABLE "millrace_base" AS SELECT t."id", t."name" FROM "public"."customers" AS t JOIN (SELECT DISTINCT w."id" FROM "millrace_versions" AS w WHERE NOT w.__millrace_delete AND (w.__millrace_source1 IS NULL)) AS k ON t."id" = k."id" WHERE t._record_is_active;
DELETE FROM "public"."customers" USING "millrace_versions" WHERE "millrace_versions".__millrace_first AND "customers"._record_is_active AND "customers"."id" = "millrace_versions"."id" AND "customers"._record_create_time = "millrace_versions".__millrace_at AND "millrace_versions".__millrace_transaction = (SELECT MIN(__millrace_transaction) FROM "millrace_versions") AND ("customers"."id") IN (SELECT r."id" FROM "millrace_stage_3" AS r WHERE r.__millrace_seq < 0 AND r.__millrace_seq > (SELECT COALESCE(MAX(__millrace_last), -1) FROM "millrace_stage_2" WHERE __millrace_last < 0));
UPDATE "public"."customers" SET _record_is_active = false, _record_delete_time = GREATEST("customers"._record_create_time, "millrace_versions".__millrace_at) FROM "millrace_versions" WHERE "millrace_versions".__millrace_first AND "customers"._record_is_active AND "customers"."id" = "millrace_versions"."id";
INSERT INTO "public"."customers" ("id", "name", "notes", _record_is_active, _record_create_time, _record_delete_time) SELECT c."id", CASE WHEN v.__millrace_source1 IS NULL THEN b."name" ELSE s1."name" END, c."notes", v.__millrace_active, v.__millrace_at, CASE WHEN NOT v.__millrace_active THEN v.__millrace_closed END FROM "millrace_versions" AS v JOIN "millrace_stage_3" AS c ON c.__millrace_seq = v.__millrace_seq LEFT JOIN "millrace_stage_3" AS s1 ON s1.__millrace_seq = v.__millrace_source1 LEFT JOIN "millrace_base" AS b ON b."id" = v."id" WHERE NOT v.__millrace_delete;
DROP TABLE "millrace_base";
DROP TABLE "millrace_versions";
CREATE TEMP TABLE "millrace_versions" AS WITH timed AS (SELECT * FROM (SELECT r.*, k.__millrace_last, k.__millrace_committed FROM "millrace_stage_4" AS r JOIN (SELECT seq, is_row, MIN(last) OVER (ORDER BY seq DESC, is_row ROWS UNBOUNDED PRECEDING) AS next FROM (SELECT r.__millrace_seq AS seq, 1 AS is_row, CAST(NULL AS INTEGER) AS last FROM "millrace_stage_4" AS r UNION ALL SELECT __millrace_last, 0, __millrace_last FROM "millrace_stage_2") AS m) AS n ON n.is_row = 1 AND n.seq = r.__millrace_seq JOIN "millrace_stage_2" AS k ON k.__millrace_last = n.next) AS c) SELECT n."id", n."name", CASE WHEN (n.__millrace_unchanged IS NULL OR SUBSTRING(n.__millrace_unchanged, 3, 1) = '0') THEN n."notes" ELSE t."notes" END AS "notes", o."id" AS __millrace_left0, n.__millrace_committed AS __millrace_at, n.__millrace_last AS __millrace_transaction, n.__millrace_seq, true AS __millrace_first FROM timed AS n JOIN timed AS o ON o.__millrace_seq = n.__millrace_seq - 1 LEFT JOIN "public"."customers" AS t ON t."id" = o."id" AND t._record_is_active WHERE NOT n.__millrace_delete;
UPDATE "public"."customers" SET _record_is_active = false, _record_delete_time = GREATEST("customers"._record_create_time, "millrace_versions".__millrace_at) FROM "millrace_versions" WHERE "millrace_versions".__millrace_first AND "customers"._record_is_active AND "customers"."id" = "millrace_versions"."__millrace_left0";
INSERT INTO "public"."customers" ("id", "name", "notes", _record_is_active, _record_create_time, _record_delete_time) SELECT "id", "name", "notes", true, __millrace_at, NULL FROM "millrace_versions";
DROP TABLE "millrace_versions";
DELETE FROM "public"."customers" WHERE _record_is_active AND _record_create_time = (SELECT MIN(__millrace_committed) FROM "millrace_stage_2" WHERE __millrace_last = (SELECT MIN(__millrace_last) FROM "millrace_stage_2" WHERE __millrace_last >= 3)) AND ("customers"."id") IN (SELECT r."id" FROM "millrace_stage_5" AS r WHERE r.__millrace_seq < 3 AND r.__millrace_seq > (SELECT COALESCE(MAX(__millrace_last), -1) FROM "millrace_stage_2" WHERE __millrace_last < 3));
UPDATE "public"."customers" SET _record_is_active = false, _record_delete_time = GREATEST("customers"._record_create_time, (SELECT MIN(__millrace_committed) FROM "millrace_stage_2" WHERE __millrace_last = (SELECT MIN(__millrace_last) FROM "millrace_stage_2" WHERE __millrace_last >= 3))) WHERE _record_is_active;
DROP TABLE "millrace_stage_1";
DROP TABLE "millrace_stage_2";
DROP TABLE "millrace_stage_3";
DROP TABLE "millrace_stage_4";
DROP TABLE "millrace_stage_5";

-- a column goes, another is renamed, one is added with a value
CREATE TEMP TABLE "millrace_stage_1" ("id" INTEGER, "label" VARCHAR(65535), "since" DATE);
ALTER TABLE "public"."customers" DROP COLUMN "notes";
ALTER TABLE "public"."customers" RENAME COLUMN "name" TO "__millrace_1";
ALTER TABLE "public"."customers" RENAME COLUMN "__millrace_1" TO "label";
ALTER TABLE "public"."customers" ADD COLUMN "since" DATE;
UPDATE "public"."customers" SET "since" = (SELECT "since" FROM "millrace_stage_1");
DROP TABLE "millrace_stage_1";

-- a type changes: the table is made anew
CREATE TEMP TABLE "millrace_stage_1" ("id" BIGINT, "name" VARCHAR(65535), "since" DATE);
ALTER TABLE "public"."customers" RENAME TO "millrace_passing_eeef12669550ea3d97a0b11abf5dd491";
CREATE TABLE "public"."customers" ("id" BIGINT, "name" VARCHAR(65535), "since" DATE, _record_is_active BOOLEAN, _record_create_time TIMESTAMP, _record_delete_time TIMESTAMP) DISTSTYLE AUTO SORTKEY AUTO;
INSERT INTO "public"."customers" ("id", "name", "since", _record_is_active, _record_create_time, _record_delete_time) SELECT CAST("id" AS BIGINT), "name", (SELECT "since" FROM "millrace_stage_1"), _record_is_active, _record_create_time, _record_delete_time FROM "public"."millrace_passing_eeef12669550ea3d97a0b11abf5dd491";
DROP TABLE "public"."millrace_passing_eeef12669550ea3d97a0b11abf5dd491";
DROP TABLE "millrace_stage_1";

-- a table changes its name or its schema
ALTER TABLE "public"."customers" RENAME TO "millrace_passing_eeef12669550ea3d97a0b11abf5dd491";
ALTER TABLE "public"."millrace_passing_eeef12669550ea3d97a0b11abf5dd491" RENAME TO "clients";
CREATE SCHEMA IF NOT EXISTS "archive";
CREATE TABLE "archive"."customers" (LIKE "public"."millrace_passing_eeef12669550ea3d97a0b11abf5dd491");
INSERT INTO "archive"."customers" SELECT * FROM "public"."millrace_passing_eeef12669550ea3d97a0b11abf5dd491";
DROP TABLE "public"."millrace_passing_eeef12669550ea3d97a0b11abf5dd491";

-- versions begin, end, are closed, retired, or go on with a copy
ALTER TABLE "public"."customers" ADD COLUMN _record_is_active BOOLEAN;
ALTER TABLE "public"."customers" ADD COLUMN _record_create_time TIMESTAMP;
ALTER TABLE "public"."customers" ADD COLUMN _record_delete_time TIMESTAMP;
UPDATE "public"."customers" SET _record_is_active = true, _record_create_time = '2026-01-02 03:04:05.678'::TIMESTAMP;
ALTER TABLE "public"."customers" RENAME TO "customers_historical_20260102030405678";
CREATE TABLE "public"."customers" ("id" INTEGER, "name" VARCHAR(65535), "notes" SUPER) DISTSTYLE AUTO SORTKEY AUTO;
INSERT INTO "public"."customers" ("id", "name", "notes") SELECT "id", "name", "notes" FROM "public"."customers_historical_20260102030405678" WHERE _record_is_active;
UPDATE "public"."customers" SET _record_is_active = false, _record_delete_time = GREATEST("customers"._record_create_time, '2026-01-02 03:04:05.678'::TIMESTAMP) WHERE _record_is_active;
ALTER TABLE "public"."customers" RENAME TO "customers_historical_20260102030405678";
CREATE TEMP TABLE "millrace_old" AS SELECT ROW_NUMBER() OVER (ORDER BY _record_create_time) AS __millrace_row, "id", "name", "notes", _record_is_active, _record_create_time, _record_delete_time FROM "public"."customers";
CREATE TEMP TABLE "millrace_same" AS SELECT o.__millrace_row, o."id", o."name", o."notes", o._record_create_time AS __millrace_begun FROM "public"."millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491" AS c JOIN "millrace_old" AS o ON c."id" = o."id" AND COALESCE(MD5(CAST(c."id" AS VARCHAR(64))), '~') || COALESCE(MD5(c."name"), '~') || COALESCE(MD5(JSON_SERIALIZE(c."notes")), '~') = COALESCE(MD5(CAST(o."id" AS VARCHAR(64))), '~') || COALESCE(MD5(o."name"), '~') || COALESCE(MD5(JSON_SERIALIZE(o."notes")), '~') WHERE o._record_is_active AND c._record_create_time = '2026-01-02 03:04:05.678'::TIMESTAMP;
UPDATE "public"."millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491" SET _record_create_time = "millrace_same".__millrace_begun FROM "millrace_same" WHERE "millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491"._record_create_time = '2026-01-02 03:04:05.678'::TIMESTAMP AND "millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491"."id" = "millrace_same"."id";
INSERT INTO "public"."millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491" ("id", "name", "notes", _record_is_active, _record_create_time, _record_delete_time) SELECT o."id", o."name", o."notes", false, o._record_create_time, COALESCE(o._record_delete_time, GREATEST(o._record_create_time, '2026-01-02 03:04:05.678'::TIMESTAMP)) FROM "millrace_old" AS o WHERE NOT o._record_is_active OR o.__millrace_row NOT IN (SELECT __millrace_row FROM "millrace_same");
DROP TABLE "millrace_old";
DROP TABLE "millrace_same";
DROP TABLE IF EXISTS "public"."customers";
ALTER TABLE "public"."millrace_copy_1c168adb00d2_0a1b2c3d_eeef12669550ea3d97a0b11abf5dd491" RENAME TO "customers";

-- the bookkeeping changes
DELETE FROM "millrace"."tables" WHERE pipeline = 'orders' AND table_id = 'id of customers';
UPDATE "millrace"."tables" SET stale = true WHERE pipeline = 'orders' AND table_id = 'id of customers' AND definition = '{"id":"id of customers","schema":"public","name":"customers","columns":[{"name":"id","type":{"kind":"int32"},"sourceType":"int32"},{"name":"name","type":{"kind":"text"},"sourceType":"text"},{"name":"notes","type":{"kind":"json"},"sourceType":"json"}],"key":[0]}';
DELETE FROM "millrace"."versions" WHERE pipeline = 'orders' AND table_id = 'id of customers';
INSERT INTO "millrace"."versions" VALUES ('orders', 'id of customers', false, '{"id":"id of customers","schema":"public","name":"customers","columns":[{"name":"id","type":{"kind":"int32"},"sourceType":"int32"},{"name":"name","type":{"kind":"text"},"sourceType":"text"},{"name":"notes","type":{"kind":"json"},"sourceType":"json"}],"key":[0]}');
DELETE FROM "millrace"."versions" WHERE pipeline = 'orders' AND table_id = 'id of customers';
INSERT INTO "millrace"."versions" VALUES ('orders', 'id of customers', true, '{"id":"id of customers","schema":"public","name":"customers","columns":[{"name":"id","type":{"kind":"int32"},"sourceType":"int32"},{"name":"name","type":{"kind":"text"},"sourceType":"text"},{"name":"notes","type":{"kind":"json"},"sourceType":"json"}],"key":[0]}');
DELETE FROM "millrace"."versions" WHERE pipeline = 'orders' AND table_id = 'id of customers';
DELETE FROM "millrace"."text_columns" WHERE pipeline = 'orders' AND table_id = 'id of customers';

-- rows that differ are mended, by their key, by all they hold, and where versions are kept
CREATE TEMP TABLE "millrace_wrong" ("k0" INTEGER);
INSERT INTO "millrace_wrong" SELECT CAST('1' AS INTEGER) UNION ALL SELECT CAST('1' AS INTEGER);
DELETE FROM "public"."customers" USING "millrace_wrong" WHERE "customers"."id" = "millrace_wrong"."k0";
INSERT INTO "public"."customers" ("id", "name", "notes") SELECT "id", "name", "notes" FROM "millrace_stage_1";
DROP TABLE "millrace_wrong";
CREATE TEMP TABLE "millrace_wrong" ("k0" BOOLEAN, "k1" SMALLINT, "k2" INTEGER, "k3" BIGINT, "k4" REAL, "k5" DOUBLE PRECISION, "k6" DECIMAL(12, 2), "k7" VARCHAR(64), "k8" DATE, "k9" TIMESTAMP, "k10" TIMESTAMPTZ, "k11" VARCHAR(36), "k12" VARCHAR(65535), "k13" SUPER, "k14" VARBYTE(16777216));
INSERT INTO "millrace_wrong" SELECT CAST('true' AS BOOLEAN), CAST('1' AS SMALLINT), CAST('2' AS INTEGER), CAST('3' AS BIGINT), CAST('1.5000000000000000e+00' AS REAL), CAST('NaN' AS DOUBLE PRECISION), CAST('1.50' AS DECIMAL(12, 2)), CAST('0.5' AS VARCHAR(64)), CAST('2026-01-02' AS DATE), CAST('2026-01-02 03:04:05' AS TIMESTAMP), CAST('2026-01-02 03:04:05+00' AS TIMESTAMPTZ), CAST('00000000-0000-0000-0000-000000000000' AS VARCHAR(36)), CAST(('it''s a ' || CHR(92) || ' text') AS VARCHAR(65535)), JSON_PARSE('{"a":1}'), TO_VARBYTE('00ff', 'hex') UNION ALL SELECT CAST('true' AS BOOLEAN), CAST('1' AS SMALLINT), CAST('2' AS INTEGER), CAST('3' AS BIGINT), CAST('1.5000000000000000e+00' AS REAL), CAST('NaN' AS DOUBLE PRECISION), CAST('1.50' AS DECIMAL(12, 2)), CAST('0.5' AS VARCHAR(64)), CAST('2026-01-02' AS DATE), CAST('2026-01-02 03:04:05' AS TIMESTAMP), CAST('2026-01-02 03:04:05+00' AS TIMESTAMPTZ), CAST('00000000-0000-0000-0000-000000000000' AS VARCHAR(36)), CAST(('it''s a ' || CHR(92) || ' text') AS VARCHAR(65535)), JSON_PARSE('{"a":1}'), TO_VARBYTE('00ff', 'hex');
DELETE FROM "public"."Every thing" USING "millrace_wrong" WHERE (COALESCE(MD5(CASE WHEN "Every thing"."boolean 0" THEN 't' WHEN NOT "Every thing"."boolean 0" THEN 'f' END), '~') || COALESCE(MD5(CAST("Every thing"."int16 1" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."int32 2" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."int64 3" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."float32 4" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."float64 5" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."decimal 6" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."decimal 7" AS VARCHAR(64))), '~')) || (COALESCE(MD5(CAST("Every thing"."date 8" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."timestamp 9" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("Every thing"."timestamptz 10" AS VARCHAR(64))), '~') || COALESCE(MD5("Every thing"."uuid 11"), '~') || COALESCE(MD5("Every thing"."text 12"), '~') || COALESCE(MD5(JSON_SERIALIZE("Every thing"."json 13")), '~') || COALESCE(MD5(FROM_VARBYTE("Every thing"."bytes 14", 'hex')), '~')) = (COALESCE(MD5(CASE WHEN "millrace_wrong"."k0" THEN 't' WHEN NOT "millrace_wrong"."k0" THEN 'f' END), '~') || COALESCE(MD5(CAST("millrace_wrong"."k1" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("millrace_wrong"."k2" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("millrace_wrong"."k3" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("millrace_wrong"."k4" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("millrace_wrong"."k5" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("millrace_wrong"."k6" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("millrace_wrong"."k7" AS VARCHAR(64))), '~')) || (COALESCE(MD5(CAST("millrace_wrong"."k8" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("millrace_wrong"."k9" AS VARCHAR(64))), '~') || COALESCE(MD5(CAST("millrace_wrong"."k10" AS VARCHAR(64))), '~') || COALESCE(MD5("millrace_wrong"."k11"), '~') || COALESCE(MD5("millrace_wrong"."k12"), '~') || COALESCE(MD5(JSON_SERIALIZE("millrace_wrong"."k13")), '~') || COALESCE(MD5(FROM_VARBYTE("millrace_wrong"."k14", 'hex')), '~'));
INSERT INTO "public"."Every thing" ("boolean 0", "int16 1", "int32 2", "int64 3", "float32 4", "float64 5", "decimal 6", "decimal 7", "date 8", "timestamp 9", "timestamptz 10", "uuid 11", "text 12", "json 13", "bytes 14") SELECT "boolean 0", "int16 1", "int32 2", "int64 3", "float32 4", "float64 5", "decimal 6", "decimal 7", "date 8", "timestamp 9", "timestamptz 10", "uuid 11", "text 12", "json 13", "bytes 14" FROM "millrace_stage_1";
DROP TABLE "millrace_wrong";
CREATE TEMP TABLE "millrace_wrong" ("k0" INTEGER);
INSERT INTO "millrace_wrong" SELECT CAST('1' AS INTEGER) UNION ALL SELECT CAST('1' AS INTEGER);
UPDATE "public"."customers" SET _record_is_active = false, _record_delete_time = GREATEST("customers"._record_create_time, '2026-01-02 03:04:05.678'::TIMESTAMP) FROM "millrace_wrong" WHERE "customers"."id" = "millrace_wrong"."k0" AND "customers"._record_is_active;
INSERT INTO "public"."customers" ("id", "name", "notes", _record_is_active, _record_create_time, _record_delete_time) SELECT "id", "name", "notes", true, '2026-01-02 03:04:05.678'::TIMESTAMP, NULL FROM "millrace_stage_1";
DROP TABLE "millrace_wrong";

-- rows are compared
BEGIN READ ONLY;
DECLARE millrace_rows CURSOR FOR SELECT "boolean 0", "int16 1", "int32 2", "int64 3", "float32 4", "float64 5", "decimal 6", "decimal 7", "date 8", "timestamp 9", "timestamptz 10", "uuid 11", "text 12", JSON_SERIALIZE("json 13"), FROM_VARBYTE("bytes 14", 'hex') FROM "public"."Every thing";
FETCH FORWARD 5000 FROM millrace_rows;
CLOSE millrace_rows;
